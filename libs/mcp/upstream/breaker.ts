import { CountersignError } from '#core/errors.js';
import type { UpstreamLimits } from './limits.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';

export interface Breaker {
  /** Undefined while requests go through; else since when not and when the next one may try, for people. */
  paused(): string | undefined;
  /**
   * Runs one request and learns from how it ends; of one that `mayTakeLong` a time-out says nothing.
   * @throws CountersignError upstream_unavailable without running it during a pause.
   */
  run<Answer>(send: () => Promise<Answer>, mayTakeLong?: boolean): Promise<Answer>;
}

type BreakerLimits = Pick<UpstreamLimits, 'breaker_failures' | 'breaker_first_ms' | 'breaker_max_ms'>;

/**
 * After `breaker_failures` failures in a row nothing is sent for a pause that grows each time; then one request goes
 * through, and its end decides. A failure is what tells that the upstream is not well: time-outs, lost connections,
 * 5xx, answers that are not MCP. Refusals and errors of a server that answers are none.
 */
export const createBreaker = (limits: BreakerLimits, now: () => number = Date.now): Breaker => {
  let failures = 0;
  let pauses = 0;
  let since = 0;
  let until = 0;
  let trying = false;
  const text = (): string =>
    `paused since ${new Date(since).toISOString()} after ${failures} failures in a row, tried again at ${new Date(until).toISOString()}`;
  const failed = (): void => {
    failures++;
    if (failures < limits.breaker_failures) return;
    if (pauses === 0) since = now();
    until = now() + Math.min(limits.breaker_first_ms * 2 ** Math.min(pauses, 20), limits.breaker_max_ms);
    pauses++;
  };
  const well = (): void => {
    failures = 0;
    pauses = 0;
  };
  const isOpen = (): boolean => pauses > 0;
  return {
    paused: () => (isOpen() ? text() : undefined),
    async run(send, mayTakeLong = false) {
      if (isOpen() && (now() < until || trying))
        throw new CountersignError('upstream_unavailable', trying ? `${text()}: being tried` : text());
      const isTrial = isOpen();
      if (isTrial) trying = true;
      try {
        const answer = await send();
        well();
        return answer;
      } catch (error) {
        const sick = isSick(error, mayTakeLong);
        // One that went out before the pause and fails during it is no further evidence.
        if (sick && (isTrial || !isOpen())) failed();
        else if (sick === false) well();
        throw error;
      } finally {
        if (isTrial) trying = false;
      }
    },
  };
};

/** Undefined when the end of a request says nothing about the upstream. */
const isSick = (error: unknown, mayTakeLong: boolean): boolean | undefined => {
  if (error instanceof UpstreamOutcomeUnknown)
    return error.reason === 'cancelled' || (mayTakeLong && error.reason === 'timeout') ? undefined : true;
  if (!(error instanceof CountersignError)) return undefined;
  if (error.code === 'upstream_invalid') return true;
  if (error.code === 'result_too_large') return false;
  // A server that answers is well.
  return error.code === 'upstream_unavailable' && /^HTTP 4\d\d$/.test(error.detail ?? '') ? false : undefined;
};
