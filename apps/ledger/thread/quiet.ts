/** Share of the time that the thread of calls is busy from which work that can wait is put off. */
const BUSY_SHARE = 0.3;

/**
 * Tells whether this thread had room since it was asked last. Work that nobody waits for asks before each step: in the
 * standalone shape it would take its time from calls under way.
 */
export const quietSince = (): (() => boolean) => {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization < BUSY_SHARE;
  };
};
