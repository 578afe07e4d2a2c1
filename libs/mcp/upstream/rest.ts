import { delay } from './delay.js';

/** A pause between attempts that can be ended early. */
export interface Rest {
  /** Ends the pause, or leaves out the next one when an attempt is under way. */
  wake(): void;
  /** @returns whether it was ended by `wake` */
  pause(wait_ms: number, signal: AbortSignal): Promise<boolean>;
}

export const createRest = (): Rest => {
  let woken = new AbortController();
  return {
    wake: () => woken.abort(),
    async pause(wait_ms, signal) {
      await delay(wait_ms, AbortSignal.any([signal, woken.signal]));
      const early = woken.signal.aborted;
      if (early) woken = new AbortController();
      return early;
    },
  };
};
