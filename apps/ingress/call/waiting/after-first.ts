/** What is under way, by its key, for each owner. */
const underWay = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * Runs `act` at once, unless the same is under way: then once that has ended, well or not. Several who wait go on together, so
 * that nobody waits for more than one.
 */
export const afterFirst = async <Answer>(
  owner: object,
  key: string,
  act: () => Promise<Answer>,
): Promise<Answer> => {
  const running = underWay.get(owner) ?? new Map<string, Promise<unknown>>();
  underWay.set(owner, running);
  const first = running.get(key);
  if (first !== undefined) {
    await first.catch(() => undefined);
    return act();
  }
  const own = act();
  running.set(key, own);
  try {
    return await own;
  } finally {
    running.delete(key);
  }
};
