import type { FastifyReply, FastifyRequest } from 'fastify';
import { sseComment, sseMessage } from '#mcp/sse.js';
import type { EventStream } from './legacy/event-streams.js';
import { SSE_HEADERS } from './sse-headers.js';

/** One HTTP response that is either one JSON body or, once opened, an SSE stream of JSON-RPC messages. */
export interface HttpReply {
  /** Sends the headers of a stream at once. @returns false when the client takes no stream, or is gone */
  openStream(): boolean;
  /** One message on the stream; dropped when there is none. */
  send(frame: Uint8Array): void;
  keepAlive(): void;
  /** The final message, on the stream or as the body, and the end. */
  finish(frame: Uint8Array, status?: number): void;
  /** The end without an answer. */
  end(): void;
  /** The connection is gone, whether or not everything was sent. */
  isGone(): boolean;
  /** Called when the connection ends before the answer was finished. */
  onAborted(listener: () => void): void;
}

/**
 * Answers one POST of Streamable HTTP (MCP basic/transports): plain JSON for quick answers, an SSE stream as soon as
 * something is to be said before the answer. With `events` what is sent on the stream can be taken up again elsewhere.
 */
export const httpReply = (request: FastifyRequest, reply: FastifyReply, events?: EventStream): HttpReply => {
  const { raw } = reply;
  const acceptsStream = (request.headers.accept ?? '').includes('text/event-stream');
  let streaming = false;
  let finished = false;
  let gone = false;
  const aborted: (() => void)[] = [];
  // 'close' comes after a whole answer too; by then nothing is sent any more.
  raw.once('close', () => {
    gone = true;
    if (!finished) for (const listener of aborted) listener();
  });
  const send = (frame: Uint8Array): void => {
    const message = events === undefined ? sseMessage(frame) : events.add(frame);
    if (streaming && !gone) raw.write(message);
  };
  return {
    openStream() {
      if (streaming) return !gone;
      if (gone || finished || !acceptsStream) return false;
      streaming = true;
      reply.hijack();
      raw.writeHead(200, SSE_HEADERS);
      raw.flushHeaders();
      if (events !== undefined) raw.write(events.open());
      return true;
    },
    send(frame) {
      if (streaming && !finished) send(frame);
    },
    keepAlive() {
      if (streaming && !gone && !finished) raw.write(sseComment('waiting'));
    },
    finish(frame, status = 200) {
      if (finished) return;
      finished = true;
      if (streaming) {
        send(frame);
        events?.end();
        if (!gone) raw.end();
      } else if (!gone) void reply.code(status).header('content-type', 'application/json').send(frame);
    },
    end() {
      if (finished) return;
      finished = true;
      events?.end();
      if (gone) return;
      if (streaming) raw.end();
      else void reply.code(202).send();
    },
    isGone: () => gone,
    onAborted(listener) {
      aborted.push(listener);
    },
  };
};
