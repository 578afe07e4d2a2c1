import { delay } from './delay.js';

/** A pause between attempts that can be ended early. */
export interface Rest {
  /** Whether the next pause will be left out. */
  readonly isWoken: boolean;
  /** Ends the pause, or leaves out the next one when an attempt is under way. */
  wake(): void;
  /** @returns whether it was ended by `wake` */
  pause(wait_ms: number, signal: AbortSignal): Promise<boolean>;
}

export const createRest = (): Rest => {
  let woken = new AbortController();
  return {
    get isWoken() {
      return woken.signal.aborted;
    },
    wake: () => woken.abort(),
    async pause(wait_ms, signal) {
      await delay(wait_ms, AbortSignal.any([signal, woken.signal]));
      const early = woken.signal.aborted;
      if (early) woken = new AbortController();
      return early;
    },
  };
};
