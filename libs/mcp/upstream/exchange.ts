import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { ResponseFrame } from '../frame.js';
import { startDeadline } from './deadline.js';
import type { LinkRequestOptions } from './link.js';
import { type UnknownReason, UpstreamOutcomeUnknown } from './outcome-unknown.js';
import { createQuestions, type Questions } from './questions.js';
import type { CallAnswer, RequestOptions } from './upstream.types.js';
import type { UpstreamCaller } from './upstream-auth.types.js';

/** What a server may report about one request; the rest is dropped, so that no flood goes through. */
export const NOTIFICATIONS_MAX = 1_000;

/** One request under way. The first of answer, failure, deadline and abort decides; what comes later is dropped. */
export interface Exchange {
  readonly id: number;
  readonly settled: Promise<CallAnswer>;
  readonly over: boolean;
  /** Undefined when questions of the server are not answered here. */
  readonly questions: Questions | undefined;
  /** A request the gateway makes for itself: nothing that a server asks or tells by itself is about it. */
  readonly ours: boolean;
  readonly caller: UpstreamCaller | undefined;
  readonly taskId: string | undefined;
  /** From here on the upstream may have read the request. */
  markSent(): void;
  /** The upstream has declined what was sent without carrying it out; it may be sent again. */
  markUnsent(): void;
  answer(frame: ResponseFrame): void;
  progress(params: JsonObject): void;
  /** Any other notification that belongs to this request. */
  notify(method: string, params: JsonObject): void;
  /** Known not to have been carried out, whether or not bytes were sent. */
  refuse(why: string | CountersignError): void;
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
  options: LinkRequestOptions,
  onStop: (reason: 'timeout' | 'cancelled', sent: boolean) => void,
): Exchange => {
  const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>();
  const { onNotification, onServerRequest, notifications_max = NOTIFICATIONS_MAX } = options;
  let sent = false;
  let over = false;
  let reported = 0;
  const finish = (settle: () => void): void => {
    if (over) return;
    over = true;
    deadline.stop();
    questions?.close();
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
  const deadline = startDeadline(options.deadline_ms, () =>
    stop('timeout', unavailable('no connection before the deadline')),
  );
  const questions = onServerRequest && createQuestions(onServerRequest, deadline);
  const mayReport = (): boolean => {
    if (over || reported >= notifications_max) return false;
    reported++;
    return true;
  };
  options.signal.addEventListener('abort', abort, { once: true });
  if (options.signal.aborted) abort();
  return {
    id,
    settled: promise,
    get over() {
      return over;
    },
    questions,
    ours: options.ours === true,
    caller: options.caller,
    taskId: options.taskId,
    markSent: () => {
      sent = true;
    },
    markUnsent: () => {
      sent = false;
    },
    answer: (frame) => {
      const { bytes, outcome } = frame;
      if (bytes.length > options.resultBytesMax)
        finish(() => reject(new CountersignError('result_too_large')));
      else finish(() => resolve({ kind: outcome, bytes }));
    },
    progress: (params) => {
      if (isOwnProgress(params, options) && mayReport()) reportProgress(params, options);
    },
    notify: (method, params) => {
      if (onNotification && mayReport()) onNotification(method, params);
    },
    refuse: (why) => finish(() => reject(typeof why === 'string' ? unavailable(why) : why)),
    fail: (reason, detail) =>
      finish(() => reject(sent ? new UpstreamOutcomeUnknown(reason, detail) : unavailable(detail))),
    tooLarge: () => finish(() => reject(new CountersignError('result_too_large'))),
  };
};

const isOwnProgress = ({ progressToken, progress }: JsonObject, options: RequestOptions): boolean =>
  options.progressToken !== undefined &&
  progressToken === options.progressToken &&
  typeof progress === 'number';

const reportProgress = ({ progress, total, message }: JsonObject, options: RequestOptions): void => {
  options.onProgress?.({
    progress: progress as number,
    ...(typeof total === 'number' && { total }),
    ...(typeof message === 'string' && { message }),
  });
};
