import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { notificationFrame } from '#mcp/frame-write.js';
import { sseComment, sseMessage } from '#mcp/sse.js';
import type { Exchange } from '../call/exchange.js';

export interface HttpExchange extends Exchange {
  /** Sends the final frame, on the stream if one was opened, and ends. Does nothing when the caller is gone. */
  finish(frame: Uint8Array, status?: number): void;
  /** Ends without an answer: a cancelled request gets none. */
  end(): void;
}

export interface ExchangeOptions {
  readonly cancelled: AbortSignal;
  /** `_meta.progressToken` of the request, if it asks for progress. */
  readonly progressToken: string | number | undefined;
}

const SSE_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * Answers one POST of Streamable HTTP (MCP 2025-11-25 basic/transports): plain JSON for quick answers, an SSE stream as
 * soon as progress or a wait begins, if the client accepts one.
 */
export const httpExchange = (
  request: FastifyRequest,
  reply: FastifyReply,
  { cancelled, progressToken }: ExchangeOptions,
): HttpExchange => {
  const acceptsStream = (request.headers.accept ?? '').includes('text/event-stream');
  let streaming = false;
  let gone = false;
  // 'close' comes after a whole answer too; by then nothing is sent any more.
  reply.raw.once('close', () => {
    gone = true;
  });
  const openStream = (): void => {
    if (streaming || gone || !acceptsStream) return;
    streaming = true;
    reply.hijack();
    reply.raw.writeHead(200, SSE_HEADERS);
    reply.raw.flushHeaders();
  };
  const write = (bytes: Uint8Array): void => {
    if (streaming && !gone) reply.raw.write(bytes);
  };
  return {
    cancelled,
    isGone: () => gone,
    openStream,
    progress: ({ progress, total, message }) => {
      if (progressToken === undefined || gone) return;
      openStream();
      const params: JsonObject = {
        progressToken,
        progress,
        ...(total === undefined ? {} : { total }),
        ...(message === undefined ? {} : { message }),
      };
      write(sseMessage(notificationFrame('notifications/progress', params)));
    },
    keepAlive: () => write(sseComment('waiting')),
    finish: (frame, status = 200) => {
      if (gone) return;
      if (streaming) {
        reply.raw.end(sseMessage(frame));
        return;
      }
      void reply.code(status).header('content-type', 'application/json').send(frame);
    },
    end: () => {
      if (streaming) reply.raw.end();
      else if (!gone) void reply.code(202).send();
    },
  };
};
