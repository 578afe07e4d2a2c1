const LOOK_EVERY_MS = 25;

export const pause = (wait_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, wait_ms));

/**
 * Asks again and again until there is an answer other than undefined and false.
 * @throws Error naming `what` once `deadline_ms` is over
 */
export const waitUntil = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  deadline_ms = 30_000,
): Promise<T> => {
  const end = performance.now() + deadline_ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${deadline_ms} ms`);
    await pause(LOOK_EVERY_MS);
  }
};
