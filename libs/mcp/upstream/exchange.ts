import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { ResponseFrame } from '../frame.js';
import { type UnknownReason, UpstreamOutcomeUnknown } from './outcome-unknown.js';
import type { CallAnswer, RequestOptions } from './upstream.types.js';

/** One request under way. The first of answer, failure, deadline and abort decides; what comes later is dropped. */
export interface Exchange {
  readonly id: number;
  readonly settled: Promise<CallAnswer>;
  readonly over: boolean;
  /** From here on the upstream may have read the request. */
  markSent(): void;
  answer(frame: ResponseFrame): void;
  progress(params: JsonObject): void;
  /** Known not to have been carried out, whether or not bytes were sent. */
  refuse(detail: string): void;
  /** Not carried out if nothing was sent, else unknown. */
  fail(reason: UnknownReason, detail: string): void;
  tooLarge(): void;
}

/**
 * @param onStop called when the deadline or the abort signal ends the exchange; `sent` tells whether the upstream has
 * to be told. It runs before the caller learns of it.
 */
export const openExchange = (
  id: number,
  options: RequestOptions,
  onStop: (reason: 'timeout' | 'cancelled', sent: boolean) => void,
): Exchange => {
  const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>();
  let sent = false;
  let over = false;
  const finish = (settle: () => void): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    options.signal.removeEventListener('abort', abort);
    settle();
  };
  const unavailable = (detail: string) => new CountersignError('upstream_unavailable', detail);
  const stop = (reason: 'timeout' | 'cancelled', unsent: CountersignError): void =>
    finish(() => {
      onStop(reason, sent);
      reject(sent ? new UpstreamOutcomeUnknown(reason) : unsent);
    });
  const abort = () => stop('cancelled', new CountersignError('call_cancelled'));
  const timer = setTimeout(
    () => stop('timeout', unavailable('no connection before the deadline')),
    options.deadline_ms,
  );
  options.signal.addEventListener('abort', abort, { once: true });
  if (options.signal.aborted) abort();
  return {
    id,
    settled: promise,
    get over() {
      return over;
    },
    markSent: () => {
      sent = true;
    },
    answer: (frame) => {
      const { bytes, outcome } = frame;
      if (bytes.length > options.resultBytesMax)
        finish(() => reject(new CountersignError('result_too_large')));
      else finish(() => resolve({ kind: outcome, bytes }));
    },
    progress: (params) => {
      if (!over) reportProgress(params, options);
    },
    refuse: (detail) => finish(() => reject(unavailable(detail))),
    fail: (reason, detail) =>
      finish(() => reject(sent ? new UpstreamOutcomeUnknown(reason, detail) : unavailable(detail))),
    tooLarge: () => finish(() => reject(new CountersignError('result_too_large'))),
  };
};

const reportProgress = (params: JsonObject, options: RequestOptions): void => {
  const { progressToken, progress, total, message } = params;
  if (options.progressToken === undefined || progressToken !== options.progressToken) return;
  if (typeof progress !== 'number') return;
  options.onProgress?.({
    progress,
    ...(typeof total === 'number' && { total }),
    ...(typeof message === 'string' && { message }),
  });
};
