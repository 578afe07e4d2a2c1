/** An answer is good for no longer: what changed and is read late is asked for anew. */
const SHARED_MS = 1_000;
/** More different groups at once are asked for without sharing. */
const SHARED_MAX = 1_000;

export interface RolesNowOptions<Standing> {
  readonly ask: (groups: readonly string[]) => Promise<Standing>;
  /** Position of the newest change. */
  readonly head: () => bigint;
  readonly now_ms: () => number;
}

/**
 * What policy says of groups, asked for once for all streams that tell the same change to people of the same groups. Nothing is
 * told by an answer that was asked for before the change that is told.
 */
export const sharedRoles = <Standing>({ ask, head, now_ms }: RolesNowOptions<Standing>) => {
  const asked = new Map<
    string,
    { readonly head: bigint; readonly at_ms: number; readonly answer: Promise<Standing> }
  >();
  /** @param position of what is told */
  return (groups: readonly string[], position: bigint): Promise<Standing> => {
    const key = JSON.stringify(groups);
    const known = asked.get(key);
    if (known !== undefined && known.head >= position && now_ms() - known.at_ms < SHARED_MS)
      return known.answer;
    const [oldest] = asked.keys();
    if (known === undefined && oldest !== undefined && asked.size >= SHARED_MAX) asked.delete(oldest);
    const mine = { head: head(), at_ms: now_ms(), answer: ask(groups) };
    asked.set(key, mine);
    mine.answer.catch(() => {
      if (asked.get(key) === mine) asked.delete(key);
    });
    return mine.answer;
  };
};
