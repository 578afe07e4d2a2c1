import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Bus } from '#bus/bus.js';
import { ERRORS } from '#core/errors.js';
import { problemOf } from './problem.js';
import { recordRefusal } from './record-refusal.js';

/** Said by Node's parser and timers; everything else is 400. */
const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const REASON = /^(?:HPE|ERR)_[A-Z0-9_]{1,64}$/;

interface ConnectionError extends Error {
  readonly code?: string;
}

/**
 * Answers requests that Node's HTTP parser itself refuses: two lengths, a length beside chunks, folded headers and other
 * heads that two readers would read as two requests (RFC 9112 sections 5.2, 6.3, 11.2). No route ever sees them, and they
 * are on record all the same (promise G6): by the parser's reason, never by what was sent.
 */
export const answerMalformedHttp =
  (bus: Bus, instance = randomUUID()) =>
  (error: ConnectionError, socket: Socket): void => {
    // Nobody is there any more; a connection that broke asked for nothing.
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const { code = '' } = error;
    const detail = REASON.test(code) ? code : null;
    recordRefusal(bus, instance, { code: 'http_malformed', where: 'http', about: { detail } }).catch(
      () => undefined,
    );
    if (!socket.writable || hasBegun(socket)) return void socket.destroy();
    const status = STATUS[code] ?? ERRORS.http_malformed.http;
    const body = JSON.stringify({ ...problemOf('http_malformed'), status });
    socket.end(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        'Content-Type: application/problem+json',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  };

/** An answer to an earlier request is under way on this connection: a second one inside it would be taken for its body. */
const hasBegun = (socket: Socket): boolean =>
  (socket as Socket & { readonly _httpMessage?: ServerResponse | null })._httpMessage?.headersSent === true;
