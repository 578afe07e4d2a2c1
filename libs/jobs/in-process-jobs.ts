import type { JobHandler, Jobs } from './jobs.js';

/** setTimeout takes at most 2^31-1 ms; longer waits are cut into pieces. */
const TIMEOUT_MS_MAX = 2_147_483_647;

const ATTEMPTS = 5;
const RETRY_FIRST_MS = 500;

/** Timers of this process; lost with it and rebuilt from the log at the next start. A failed job is tried again, like on BullMQ. */
export const inProcessJobs = (handler: JobHandler, onError: (id: string, error: unknown) => void): Jobs => {
  const timers = new Map<string, NodeJS.Timeout>();
  const arm = (id: string, at: number, attempt = 1): void => {
    const wait = at - Date.now();
    const failed = (error: unknown): void => {
      onError(id, error);
      const isWanted = !timers.has(id) && attempt < ATTEMPTS && !closed;
      if (isWanted) arm(id, Date.now() + RETRY_FIRST_MS * 2 ** (attempt - 1), attempt + 1);
    };
    const run = (): void => {
      timers.delete(id);
      if (wait > TIMEOUT_MS_MAX) arm(id, at, attempt);
      else handler(id).catch(failed);
    };
    timers.set(id, setTimeout(run, Math.max(0, Math.min(wait, TIMEOUT_MS_MAX))));
  };
  let closed = false;
  return {
    schedule: async (id, at) => {
      clearTimeout(timers.get(id));
      arm(id, at.getTime());
    },
    ensure: async (jobs) => {
      for (const { id, at } of jobs) if (!timers.has(id)) arm(id, at.getTime());
    },
    cancel: async (id) => {
      clearTimeout(timers.get(id));
      timers.delete(id);
    },
    close: async () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
};
