import { Pool } from 'undici';
import { sendAuthorized } from './http-auth.js';
import { type HttpRequest, type HttpSink, type ResponseHeaders, sendHttp } from './http-send.js';
import type { UpstreamAuth, UpstreamCaller } from './upstream-auth.types.js';
import type { HttpTransport } from './upstream-config.types.js';

const CONNECT_MS = 10_000;
/** Below the 5 s after which many servers close an idle connection: a request must not meet a closing one. */
const IDLE_MS = 4_000;
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
  post(frame: Uint8Array, sink: HttpSink, more?: SendOptions): { abort(): void };
  get(lastEventId: string | undefined, sink: HttpSink, more?: SendOptions): { abort(): void };
  /** Sends a message that has no answer. @returns the HTTP status, 0 when there was none in time. */
  tell(frame: Uint8Array, timeout_ms: number, more?: SendOptions): Promise<number>;
  /** Ends the session at the server, if it lets us. */
  endSession(timeout_ms: number): Promise<void>;
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly caller?: UpstreamCaller | undefined;
}

export interface HttpTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: UpstreamAuth | undefined;
  readonly connector: HttpTransport['connector'];
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
  return { url, headers, auth: transport.auth, connector: transport.connector };
};

/** @param calls_max requests that can be under way without one waiting for the connection of another. */
export const openEndpoint = (target: HttpTarget, calls_max: number): HttpEndpoint => {
  const { url } = target;
  // One more for the stream that listens, a few for cancelling and answering while all others are taken.
  const connections = calls_max + 4;
  const connect = target.connector ?? { timeout: CONNECT_MS };
  const pool = new Pool(url.origin, { connections, pipelining: 1, keepAliveTimeout: IDLE_MS, connect });
  const path = url.pathname + url.search;
  const send = (
    request: Omit<HttpRequest, 'path' | 'headers'>,
    accept: string,
    sink: HttpSink,
    { headers, caller }: SendOptions,
  ) =>
    sendAuthorized(
      target.auth,
      caller,
      (credentials, own) => {
        const all: Record<string, string> = {
          ...target.headers,
          ...credentials,
          accept,
          ...(request.body && { 'content-type': 'application/json' }),
          ...(endpoint.sessionId !== undefined && { 'mcp-session-id': endpoint.sessionId }),
          ...(endpoint.revision !== undefined && { 'mcp-protocol-version': endpoint.revision }),
          ...headers,
        };
        return sendHttp(pool, { ...request, path, headers: all }, own);
      },
      sink,
    );
  const endpoint: HttpEndpoint = {
    sessionId: undefined,
    revision: undefined,
    pool,
    post: (body, sink, more = {}) =>
      send({ method: 'POST', body }, 'application/json, text/event-stream', sink, more),
    get(lastEventId, sink, more = {}) {
      const headers = { ...more.headers, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
      return send({ method: 'GET' }, 'text/event-stream', sink, { ...more, headers });
    },
    tell: (frame, timeout_ms, more) => statusOnly(timeout_ms, (sink) => endpoint.post(frame, sink, more)),
    async endSession(timeout_ms) {
      if (endpoint.sessionId === undefined) return;
      await statusOnly(timeout_ms, (sink) => send({ method: 'DELETE' }, 'application/json', sink, {}));
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
