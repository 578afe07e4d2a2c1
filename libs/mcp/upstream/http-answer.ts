import { CountersignError } from '#core/errors.js';
import { type Frame, readFrame } from '../frame.js';
import { createSseDecoder, type SseEvent } from '../sse-read.js';
import type { Exchange } from './exchange.js';
import { headerOf, mediaTypeOf, type ResponseHeaders } from './http-send.js';
import { answerLimits, ENVELOPE_BYTES, type UpstreamLimits } from './limits.js';

export interface AnswerContext {
  readonly exchange: Exchange;
  readonly limits: UpstreamLimits;
  readonly resultBytesMax: number;
  /** A session id went out with the request. */
  readonly inSession: boolean;
  /** Requests and notifications that come before the answer. */
  onFrame(frame: Frame): void;
  onSessionGone(): void;
  /** The stream stopped without the answer. */
  onCut(cursor: StreamCursor, why: string): void;
}

/** Where a stream could be taken up again (2025-11-25 basic/transports, resumability). */
export interface StreamCursor {
  readonly lastEventId: string | undefined;
  readonly retry_ms: number | undefined;
}

/** Takes the body of one HTTP response. `cut` is for a connection that broke. */
export interface BodyReader {
  push(chunk: Uint8Array): void;
  end(): void;
  cut(why: string): void;
}

/**
 * Statuses with which a server says that it did not take the request to its MCP layer. Not in the list, so unknown:
 * every 5xx (a proxy may have lost an upstream that was at work), 408 and 409, and 301-303, which forms answer with
 * AFTER doing the work.
 */
const NOT_CARRIED_OUT = new Set([
  307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 413, 414, 415, 417, 421, 422, 425, 426, 428,
  429, 431, 451,
]);
/** Whose bodies are never looked at: what an identity layer writes is for its own clients. */
const SILENT = new Set([401, 403, 407]);
const REFUSAL_BYTES_MAX = 64 * 1024;

/** The reader for a response with this head, by MCP 2025-11-25 basic/transports, "Sending messages to the server". */
export const openAnswer = (status: number, headers: ResponseHeaders, context: AnswerContext): BodyReader => {
  const { exchange, inSession } = context;
  const mediaType = mediaTypeOf(headers);
  const encoding = headerOf(headers, 'content-encoding');
  if (status === 404 && inSession) {
    context.onSessionGone();
    exchange.refuse('the session has ended');
    return ignore;
  }
  if (NOT_CARRIED_OUT.has(status)) {
    if (status >= 400 && !SILENT.has(status) && mediaType === 'application/json' && !encoding) {
      return refusalReader(status, context);
    }
    exchange.refuse(`HTTP ${status}`);
    return ignore;
  }
  if (status !== 200) exchange.fail('http_status', `HTTP ${status}`);
  // We ask for none, and an unexpected one could hide any number of bytes.
  else if (encoding && encoding !== 'identity')
    exchange.fail('invalid_answer', 'a content encoding nobody asked for');
  else if (mediaType === 'application/json') return jsonReader(context);
  else if (mediaType === 'text/event-stream') return streamReader(context);
  else exchange.fail('invalid_answer', 'neither JSON nor an event stream');
  return ignore;
};

const ignore: BodyReader = { push: () => {}, end: () => {}, cut: () => {} };

const jsonReader = ({ exchange, limits, resultBytesMax }: AnswerContext): BodyReader => {
  const body = createCollector(resultBytesMax + ENVELOPE_BYTES);
  return {
    push: (chunk) => {
      if (!body.push(chunk)) exchange.tooLarge();
    },
    end: () => {
      const frame = frameOrUndefined(body.bytes(), limits, resultBytesMax);
      if (frame?.kind === 'response' && frame.id === exchange.id) exchange.answer(frame);
      else exchange.fail('invalid_answer', 'not a response to this request');
    },
    cut: (why) => exchange.fail('connection_lost', why),
  };
};

/** A refusal may carry a proper JSON-RPC error for this request; anything else in it is dropped. */
const refusalReader = (status: number, { exchange, limits }: AnswerContext): BodyReader => {
  const body = createCollector(REFUSAL_BYTES_MAX);
  const refuse = () => exchange.refuse(`HTTP ${status}`);
  return {
    push: (chunk) => {
      if (!body.push(chunk)) refuse();
    },
    end: () => {
      const frame = frameOrUndefined(body.bytes(), limits, REFUSAL_BYTES_MAX);
      if (frame?.kind === 'response' && frame.outcome === 'error' && frame.id === exchange.id)
        exchange.answer(frame);
      else refuse();
    },
    cut: refuse,
  };
};

const streamReader = (context: AnswerContext): BodyReader => {
  const { exchange, limits, resultBytesMax } = context;
  const event_bytes_max = resultBytesMax + ENVELOPE_BYTES;
  const decoder = createSseDecoder({ event_bytes_max });
  let cursor: StreamCursor = { lastEventId: undefined, retry_ms: undefined };
  const take = (event: SseEvent): void => {
    cursor = { lastEventId: event.lastEventId, retry_ms: event.retry_ms ?? cursor.retry_ms };
    // Without data it only sets the id to resume from. MCP uses no event name but `message`.
    if (exchange.over || event.data.length === 0 || event.event !== 'message') return;
    const frame = readFrame(event.data, answerLimits(limits, event_bytes_max));
    if (frame.kind !== 'response') context.onFrame(frame);
    else if (frame.id === exchange.id) exchange.answer(frame);
  };
  const failed = (error: unknown): void => {
    if (error instanceof CountersignError && error.code === 'result_too_large') exchange.tooLarge();
    else exchange.fail('invalid_answer', 'an event stream that is not MCP');
  };
  return {
    push: (chunk) => {
      if (exchange.over) return;
      try {
        for (const event of decoder.push(chunk)) take(event);
      } catch (error) {
        failed(error);
      }
    },
    end: () => {
      if (!exchange.over) context.onCut(cursor, 'the stream ended without an answer');
    },
    cut: (why) => {
      if (!exchange.over) context.onCut(cursor, why);
    },
  };
};

const createCollector = (bytes_max: number): { push(chunk: Uint8Array): boolean; bytes(): Uint8Array } => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  return {
    push: (chunk) => {
      length += chunk.length;
      if (length > bytes_max) chunks.length = 0;
      else chunks.push(chunk);
      return length <= bytes_max;
    },
    bytes: () => (chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)),
  };
};

const frameOrUndefined = (
  bytes: Uint8Array,
  limits: UpstreamLimits,
  bytes_max: number,
): Frame | undefined => {
  try {
    return readFrame(bytes, answerLimits(limits, bytes_max + ENVELOPE_BYTES));
  } catch {
    return undefined;
  }
};
