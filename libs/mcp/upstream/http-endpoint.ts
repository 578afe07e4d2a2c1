import { Pool } from 'undici';
import { type HttpSink, type ResponseHeaders, sendHttp } from './http-send.js';
import type { HttpTransport } from './upstream-config.types.js';

const CONNECT_MS = 10_000;
/** What a server may add to an answer nobody reads. */
const IGNORED_BYTES_MAX = 64 * 1024;
/** These are the protocol's; a configured value would break framing or sessions. */
const RESERVED =
  /^(accept|accept-encoding|connection|content-.*|host|last-event-id|mcp-.*|transfer-encoding|upgrade)$/i;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

export interface HttpEndpoint {
  /** Known after `initialize`. */
  sessionId: string | undefined;
  revision: string | undefined;
  readonly pool: Pool;
  post(frame: Uint8Array, sink: HttpSink): { abort(): void };
  get(lastEventId: string | undefined, sink: HttpSink): { abort(): void };
  /** Sends a message that has no answer. @returns the HTTP status, 0 when there was none in time. */
  tell(frame: Uint8Array, timeout_ms: number): Promise<number>;
  /** Ends the session at the server, if it lets us. */
  endSession(timeout_ms: number): Promise<void>;
}

export interface HttpTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws TypeError for what can never work: not http(s), credentials in the address, a reserved or malformed header. */
export const readTarget = (transport: HttpTransport): HttpTarget => {
  const url = new URL(transport.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError('upstream url: not http or https');
  if (url.username || url.password) throw new TypeError('upstream url: credentials belong into headers');
  const headers = transport.headers ?? {};
  for (const [name, value] of Object.entries(headers)) {
    if (RESERVED.test(name)) throw new TypeError(`upstream header ${name} is reserved`);
    if (!HEADER_VALUE.test(value)) throw new TypeError(`upstream header ${name} is malformed`);
  }
  return { url, headers };
};

/** @param calls_max requests that can be under way without one waiting for the connection of another. */
export const openEndpoint = (target: HttpTarget, calls_max: number): HttpEndpoint => {
  const { url } = target;
  // One more for the stream that listens, a few for cancelling and answering while all others are taken.
  const connections = calls_max + 4;
  const pool = new Pool(url.origin, { connections, pipelining: 1, connect: { timeout: CONNECT_MS } });
  const path = url.pathname + url.search;
  const headers = (accept: string): Record<string, string> => ({
    ...target.headers,
    accept,
    ...(endpoint.sessionId !== undefined && { 'mcp-session-id': endpoint.sessionId }),
    ...(endpoint.revision !== undefined && { 'mcp-protocol-version': endpoint.revision }),
  });
  const endpoint: HttpEndpoint = {
    sessionId: undefined,
    revision: undefined,
    pool,
    post(body, sink) {
      const both = { ...headers('application/json, text/event-stream'), 'content-type': 'application/json' };
      return sendHttp(pool, { method: 'POST', path, headers: both, body }, sink);
    },
    get(lastEventId, sink) {
      const resume: Record<string, string> =
        lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      return sendHttp(
        pool,
        { method: 'GET', path, headers: { ...headers('text/event-stream'), ...resume } },
        sink,
      );
    },
    tell: (frame, timeout_ms) => statusOnly(timeout_ms, (sink) => endpoint.post(frame, sink)),
    async endSession(timeout_ms) {
      if (endpoint.sessionId === undefined) return;
      const request = { method: 'DELETE', path, headers: headers('application/json') } as const;
      await statusOnly(timeout_ms, (sink) => sendHttp(pool, request, sink));
    },
  };
  return endpoint;
};

const statusOnly = (timeout_ms: number, send: (sink: HttpSink) => { abort(): void }): Promise<number> =>
  new Promise((resolve) => {
    let status = 0;
    let bytes = 0;
    const done = (): void => {
      clearTimeout(timer);
      resolve(status);
    };
    const sending = send({
      onHead: (head: number, _headers: ResponseHeaders) => {
        status = head;
      },
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes > IGNORED_BYTES_MAX) sending.abort();
      },
      onEnd: done,
      onFailure: done,
    });
    const timer = setTimeout(() => {
      sending.abort();
      done();
    }, timeout_ms);
    timer.unref();
  });
