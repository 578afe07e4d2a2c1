import type { JobHandler, Jobs } from './jobs.js';

/** setTimeout takes at most 2^31-1 ms; longer waits are cut into pieces. */
const TIMEOUT_MS_MAX = 2_147_483_647;

/** Timers of this process; lost with it and rebuilt from the log at the next start. */
export const inProcessJobs = (handler: JobHandler, onError: (id: string, error: unknown) => void): Jobs => {
  const timers = new Map<string, NodeJS.Timeout>();
  const arm = (id: string, at: number): void => {
    const wait = at - Date.now();
    const run = (): void => {
      timers.delete(id);
      if (wait > TIMEOUT_MS_MAX) arm(id, at);
      else handler(id).catch((error: unknown) => onError(id, error));
    };
    timers.set(id, setTimeout(run, Math.max(0, Math.min(wait, TIMEOUT_MS_MAX))));
  };
  return {
    schedule: async (id, at) => {
      clearTimeout(timers.get(id));
      arm(id, at.getTime());
    },
    cancel: async (id) => {
      clearTimeout(timers.get(id));
      timers.delete(id);
    },
    close: async () => {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
};
