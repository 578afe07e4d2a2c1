import { delay } from './delay.js';
import { type AnswerContext, type BodyReader, openAnswer, type StreamCursor } from './http-answer.js';
import type { HttpEndpoint } from './http-endpoint.js';
import { codeOf, type HttpSink, mediaTypeOf } from './http-send.js';

const RETRY_DEFAULT_MS = 1_000;
/** A server that closes at once each time must not make us spin. */
const RETRY_MIN_MS = 100;

/** An event id goes back in a header, so it must be fit for one. */
export const resumableId = (id: string | undefined): string | undefined =>
  id !== undefined && /^[\x21-\x7e]([\x20-\x7e]{0,1022}[\x21-\x7e])?$/.test(id) ? id : undefined;

/**
 * Takes up a response stream that stopped before its answer: GET with Last-Event-ID, which asks for what is missing and
 * never for the work again. Without an event id, or when the server declines, the outcome is unknown.
 */
export const resume = async (
  endpoint: HttpEndpoint,
  context: AnswerContext,
  cursor: StreamCursor,
  why: string,
  signal: AbortSignal,
): Promise<void> => {
  const { exchange } = context;
  const lastEventId = resumableId(cursor.lastEventId);
  if (lastEventId !== undefined)
    await delay(Math.max(cursor.retry_ms ?? RETRY_DEFAULT_MS, RETRY_MIN_MS), signal);
  if (exchange.over) return;
  if (lastEventId === undefined || signal.aborted) {
    exchange.fail('connection_lost', why);
    return;
  }
  const onCut = (next: StreamCursor, nextWhy: string): void => {
    const { lastEventId: id = lastEventId, retry_ms = cursor.retry_ms } = next;
    void resume(endpoint, context, { lastEventId: id, retry_ms }, nextWhy, signal);
  };
  let reader: BodyReader | undefined;
  const sink: HttpSink = {
    onHead(status, headers) {
      if (status === 200 && mediaTypeOf(headers) === 'text/event-stream') {
        reader = openAnswer(status, headers, { ...context, onCut });
      } else exchange.fail('connection_lost', `the stream could not be resumed (HTTP ${status})`);
    },
    onData: (chunk) => reader?.push(chunk),
    onEnd: () => reader?.end(),
    onFailure: (error) => {
      if (reader) reader.cut(codeOf(error));
      else exchange.fail('connection_lost', codeOf(error));
    },
  };
  const sending = endpoint.get(lastEventId, sink, { caller: exchange.caller });
  const abort = (): void => sending.abort();
  exchange.settled.then(abort, abort);
};
