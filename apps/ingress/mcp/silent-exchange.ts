import { CountersignError } from '#core/errors.js';
import type { Exchange } from '../call/exchange.js';

/** For calls that the gateway makes by itself: they are quick and ask nothing. */
export const silentExchange = (cancelled: AbortSignal): Exchange => ({
  cancelled,
  // What needs an approval cannot be had here: nobody waits for one.
  isGone: () => true,
  openStream: () => undefined,
  progress: () => undefined,
  notify: () => undefined,
  keepAlive: () => undefined,
  ask: () => Promise.reject(new CountersignError('capability_missing')),
});
