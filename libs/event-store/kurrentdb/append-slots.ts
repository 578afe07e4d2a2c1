import { StoreUnavailable } from '../event-store.js';

const WAITING_MAX = 16_384;

/**
 * At most `slots_max` messages are under way to the server at a time; the rest wait here, first come first served.
 * Why: past 16 messages that the connection has not taken, the client queues more of them in a way that throws
 * outside of every promise when the connection then breaks, which would end the process.
 */
export interface AppendSlots {
  /** Fulfils with the way to give the slots back. @throws StoreUnavailable when it takes too long. */
  take(weight: number, deadline_ms: number): Promise<() => void>;
  readonly used: () => number;
}

interface Waiting {
  readonly weight: number;
  readonly admit: () => void;
}

export const createAppendSlots = (slots_max: number): AppendSlots => {
  const waiting: Waiting[] = [];
  let used = 0;

  const admitNext = (): void => {
    for (let next = waiting[0]; next && used + next.weight <= slots_max; next = waiting[0]) {
      waiting.shift();
      used += next.weight;
      next.admit();
    }
  };

  const giveBack = (weight: number): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      used -= weight;
      admitNext();
    };
  };

  return {
    used: () => used,
    take: (wanted, deadline_ms) => {
      const weight = Math.min(wanted, slots_max);
      if (waiting.length === 0 && used + weight <= slots_max) {
        used += weight;
        return Promise.resolve(giveBack(weight));
      }
      if (waiting.length >= WAITING_MAX)
        return Promise.reject(new StoreUnavailable('too many appends are waiting for the server'));
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(new StoreUnavailable(`no append was taken by the server within ${deadline_ms} ms`));
        }, deadline_ms);
        const entry: Waiting = {
          weight,
          admit: () => {
            clearTimeout(timer);
            resolve(giveBack(weight));
          },
        };
        waiting.push(entry);
      });
    },
  };
};
