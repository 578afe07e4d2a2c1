import type { ApprovalView } from '../approval-view.js';
import type { Change, Changes } from './changes.js';

/** More at once are left out, and their number is told. */
export const ITEMS_MAX = 1_000;

/** What is sent; `id` is where a reader that comes again goes on. */
export type LiveEvent =
  | { readonly event: 'approval'; readonly id: string; readonly data: ApprovalView }
  /** It was told on this stream and is not for this caller any more. Of what was never theirs nothing is said. */
  | { readonly event: 'gone'; readonly id: string; readonly data: { readonly id: string } }
  /** What comes now is everything: a list that is shown is outdated. */
  | { readonly event: 'reset'; readonly data: object }
  /** What there was is told; from now on it is news. */
  | { readonly event: 'current'; readonly id: string; readonly data: { readonly left_out: number } };

export interface LiveListOptions {
  readonly changes: Changes;
  /** Ids of what is pending and may be seen now. @throws CountersignError policy_unavailable */
  readonly pending: () => Promise<readonly string[]>;
  /** As this caller may see it now; undefined when they may not. @throws CountersignError *_unavailable */
  readonly view: (approvalId: string) => Promise<ApprovalView | undefined>;
  /** Fingerprint of all that decides what this caller may see; as long as it is the same, nothing of theirs goes away. */
  readonly standing: string;
  /** Where an earlier stream ended, and with which standing. */
  readonly lastEventId: string | undefined;
  readonly stopped: AbortSignal;
}

const PLACE = /^(\d{1,19})\.([\w-]+)$/;

/**
 * The caller's approvals as they are, then each change of one. What changes again before it is sent is sent once, as it is
 * then: a slow reader costs one place for each approval and no more. Everything up to the id that was sent last has been sent.
 * Who comes again with another standing gets the whole list, so that what is not theirs any more goes away.
 */
export async function* liveList(options: LiveListOptions): AsyncGenerator<LiveEvent> {
  const { changes, view, standing, stopped } = options;
  const idOf = (position: bigint): string => `${position}.${standing}`;
  /** The earliest first; one that changes again goes to the end. */
  const waiting = new Map<string, bigint>();
  let wake = (): void => undefined;
  const add = ({ approvalId, position }: Change): void => {
    waiting.delete(approvalId);
    waiting.set(approvalId, position);
    wake();
  };
  const unlisten = changes.listen(add);
  const onStop = () => wake();
  stopped.addEventListener('abort', onStop, { once: true });
  const shown = new Set<string>();
  try {
    const begin = await beginning(options);
    // What changed meanwhile is later than all of this.
    const meanwhile = [...waiting];
    waiting.clear();
    for (const change of begin.changes) waiting.set(change.approvalId, change.position);
    for (const [approvalId, position] of meanwhile) add({ approvalId, position });
    if (begin.reset) yield { event: 'reset', data: {} };
    let current: bigint | undefined = changes.head;
    while (!stopped.aborted) {
      const [next] = waiting;
      if (next === undefined || (current !== undefined && next[1] > current)) {
        if (current !== undefined) {
          yield { event: 'current', id: idOf(current), data: { left_out: begin.left_out } };
          current = undefined;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const [approvalId, position] = next;
      waiting.delete(approvalId);
      const item = await view(approvalId);
      const id = idOf(position);
      if (item !== undefined) {
        shown.add(approvalId);
        yield { event: 'approval', id, data: item };
      } else if (shown.delete(approvalId)) {
        yield { event: 'gone', id, data: { id: approvalId } };
      }
    }
  } finally {
    unlisten();
    stopped.removeEventListener('abort', onStop);
  }
}

const beginning = async ({ changes, pending, standing, lastEventId }: LiveListOptions) => {
  const [, text = '', before] = PLACE.exec(lastEventId ?? '') ?? [];
  const isKnown = before !== undefined && BigInt(text) <= changes.head;
  const missed = isKnown ? changes.since(BigInt(text)) : [];
  if (isKnown && before === standing && missed.length <= ITEMS_MAX)
    return { changes: missed, left_out: 0, reset: false };
  // What was decided meanwhile is news as well, as far as it is for this caller: `view` sees to that.
  const ids = new Set([
    ...missed.slice(-ITEMS_MAX).map(({ approvalId }) => approvalId),
    ...(await pending()),
  ]);
  const all = [...ids]
    .map((approvalId) => ({ approvalId, position: changes.positionOf(approvalId) }))
    .sort((a, b) => (a.position < b.position ? -1 : 1));
  const left_out = Math.max(0, all.length - ITEMS_MAX);
  return { changes: all.slice(left_out), left_out, reset: true };
};
