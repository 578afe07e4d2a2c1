import { CountersignError } from '#core/errors.js';
import { type AnswerContext, type BodyReader, openAnswer } from './http-answer.js';
import type { HttpEndpoint, SendOptions } from './http-endpoint.js';
import { codeOf, type HttpSink, type ResponseHeaders } from './http-send.js';

/** After its answer a stream should end by itself; then its connection can be used again. */
const DRAIN_MS = 1_000;
const DRAIN_BYTES_MAX = 64 * 1024;

export interface PostHooks {
  onHead(status: number, headers: ResponseHeaders): void;
  /** No connection could be made; nothing was sent. */
  onUnreachable(code: string): void;
}

/** Posts one request frame, once, and feeds what comes back to its exchange. */
export const postRequest = (
  endpoint: HttpEndpoint,
  frame: Uint8Array,
  context: AnswerContext,
  hooks: PostHooks,
  more: SendOptions = {},
): void => {
  const { exchange } = context;
  let reader: BodyReader | undefined;
  let sent = false;
  let ended = false;
  let drained = 0;
  const sink: HttpSink = {
    onSent() {
      sent = true;
      exchange.markSent();
    },
    onRefused() {
      exchange.markUnsent();
    },
    onHead(status, headers) {
      hooks.onHead(status, headers);
      reader = openAnswer(status, headers, context);
    },
    onData(chunk) {
      if (!exchange.over) reader?.push(chunk);
      else {
        drained += chunk.length;
        if (drained > DRAIN_BYTES_MAX) sending.abort();
      }
    },
    onEnd() {
      ended = true;
      reader?.end();
    },
    onFailure(error) {
      ended = true;
      if (error instanceof CountersignError) {
        exchange.refuse(error);
        return;
      }
      if (!sent && !exchange.over) hooks.onUnreachable(codeOf(error));
      if (reader) reader.cut(codeOf(error));
      else exchange.fail('connection_lost', codeOf(error));
    },
  };
  const sending = endpoint.post(frame, sink, { ...more, caller: exchange.caller });
  const drain = (): void => {
    if (!ended) setTimeout(() => sending.abort(), DRAIN_MS).unref();
  };
  exchange.settled.then(drain, () => sending.abort());
};
