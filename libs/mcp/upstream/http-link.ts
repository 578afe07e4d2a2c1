import { CountersignError } from '#core/errors.js';
import type { RequestId } from '../frame.js';
import { notificationFrame, requestFrame } from '../frame-write.js';
import { type Exchange, openExchange } from './exchange.js';
import { initialize } from './handshake.js';
import type { AnswerContext } from './http-answer.js';
import { type HttpEndpoint, type HttpTarget, openEndpoint } from './http-endpoint.js';
import { listen } from './http-listen.js';
import { postRequest } from './http-post.js';
import { resume } from './http-resume.js';
import { headerOf, type ResponseHeaders } from './http-send.js';
import { legacyReady } from './legacy-ready.js';
import type { UpstreamLimits } from './limits.js';
import type { Link, LinkEvents, LinkRequestOptions, LinkSettings, ReadyLink } from './link.js';
import { type Conversation, takeServerFrame } from './server-frames.js';
import { type CallAnswer, LIST_KINDS } from './upstream.types.js';

type Settings = LinkSettings<unknown>;

interface HttpLink extends Link {
  readonly endpoint: HttpEndpoint;
  /** Begins to listen to what the server says by itself. */
  listen(): void;
}

/** Telling a server that a call is cancelled, or that we leave. */
const COURTESY_MS = 1_000;
/** Answers to pings and refusals that may be under way; more are dropped. */
const REPLIES_MAX = 16;
const SESSION_GONE = 'the session has ended';
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;

/** MCP Streamable HTTP of the revisions 2025-03-26 to 2025-11-25. */
export const connectLegacyHttp = async (
  target: HttpTarget,
  settings: Settings,
  events: LinkEvents,
  signal: AbortSignal,
): Promise<ReadyLink> => {
  const link = openHttpLink(target, settings, events);
  const server = await initialize(link, settings, signal, async (revision) => {
    link.endpoint.revision = revision;
    const initialized = notificationFrame('notifications/initialized');
    const status = await link.endpoint.tell(initialized, settings.limits.request_ms);
    if (status < 200 || status > 299)
      throw new CountersignError('upstream_unavailable', `initialized: HTTP ${status}`);
    link.listen();
  });
  return legacyReady(link, server, settings.limits);
};

interface Connection extends Conversation {
  readonly exchanges: Map<RequestId, Exchange>;
  readonly endpoint: HttpEndpoint;
  readonly limits: UpstreamLimits;
  readonly lost: PromiseWithResolvers<string>;
  /** Aborted once no new request can be sent. */
  readonly ending: AbortController;
  nextId: number;
  replies: number;
  /** A socket was closed or a request refused: the server may have been restarted and have forgotten the session. */
  doubtful: boolean;
  asking: Promise<boolean> | undefined;
}

const openHttpLink = (target: HttpTarget, settings: Settings, events: LinkEvents): HttpLink => {
  const { limits, serverRequests } = settings;
  const connection: Connection = {
    endpoint: openEndpoint(target, limits.calls_max),
    limits,
    events,
    serverRequests,
    exchanges: new Map(),
    reply: (frame, exchange) => void reply(connection, frame, exchange),
    lost: Promise.withResolvers(),
    ending: new AbortController(),
    nextId: 1,
    replies: 0,
    doubtful: false,
    asking: undefined,
  };
  const { endpoint, ending, lost } = connection;
  let closing: Promise<void> | undefined;
  endpoint.pool.on('disconnect', () => doubt(connection));
  return {
    endpoint,
    lost: lost.promise,
    request: (method, paramsBytes, options) => request(connection, method, paramsBytes, options),
    listen: () => listenForChanges(connection),
    async stillKnown() {
      if (ending.signal.aborted) return false;
      if (!connection.doubtful || connection.exchanges.size >= limits.calls_max) return true;
      connection.asking ??= ask(connection);
      return connection.asking;
    },
    close() {
      // On a session that was lost, calls under way may still get their answers.
      closing ??= ending.signal.aborted ? Promise.resolve(void endpoint.pool.close()) : leave(connection);
      return closing;
    },
  };
};

const lose = ({ ending, lost }: Connection, reason: string): void => {
  ending.abort();
  lost.resolve(reason);
};

const doubt = (connection: Connection): void => {
  connection.doubtful = connection.endpoint.sessionId !== undefined;
};

const request = (
  connection: Connection,
  method: string,
  paramsBytes: Uint8Array,
  options: LinkRequestOptions,
): Promise<CallAnswer> => {
  const { endpoint, ending, limits } = connection;
  const id = connection.nextId++;
  const exchange = openExchange(id, options, (reason, sent) => {
    // initialize is the one request that must not be cancelled (basic/utilities/cancellation).
    if (!sent || method === 'initialize') return;
    const cancelled = notificationFrame('notifications/cancelled', { requestId: id, reason });
    void endpoint.tell(cancelled, COURTESY_MS, { caller: options.caller });
  });
  if (ending.signal.aborted) exchange.refuse(SESSION_GONE);
  else if (connection.exchanges.size >= limits.calls_max) exchange.refuse('too many calls are under way');
  if (exchange.over) return exchange.settled;
  const context = answerContext(connection, exchange, options.resultBytesMax);
  connection.exchanges.set(id, exchange);
  postRequest(endpoint, requestFrame(id, method, paramsBytes), context, {
    onHead(status, headers) {
      if (method === 'initialize') endpoint.sessionId = sessionIdOf(headers);
      else if (status >= 400) doubt(connection);
    },
    onUnreachable: (code) => lose(connection, `cannot be reached (${code})`),
  });
  return exchange.settled.finally(() => connection.exchanges.delete(id));
};

const answerContext = (connection: Connection, exchange: Exchange, resultBytesMax: number): AnswerContext => {
  const { endpoint, ending, limits } = connection;
  const context: AnswerContext = {
    exchange,
    limits,
    resultBytesMax,
    inSession: endpoint.sessionId !== undefined,
    onSessionGone: () => lose(connection, SESSION_GONE),
    onFrame(frame) {
      if (frame.kind !== 'response') takeServerFrame(connection, frame, exchange);
    },
    onCut: (cursor, why) => void resume(endpoint, context, cursor, why, ending.signal),
  };
  return context;
};

const reply = async (connection: Connection, frame: Uint8Array, exchange?: Exchange): Promise<void> => {
  const { endpoint, limits } = connection;
  if (exchange) {
    await endpoint.tell(frame, limits.request_ms, { caller: exchange.caller });
    return;
  }
  if (connection.replies >= REPLIES_MAX) return;
  connection.replies++;
  await endpoint.tell(frame, COURTESY_MS);
  connection.replies--;
};

const listenForChanges = (connection: Connection): void => {
  const { endpoint, ending, limits, events } = connection;
  void listen(endpoint, {
    limits,
    signal: ending.signal,
    onFrame(frame) {
      if (frame.kind !== 'response') takeServerFrame(connection, frame);
    },
    onSessionGone: () => lose(connection, SESSION_GONE),
    onUnreachable: (code) => lose(connection, `cannot be reached (${code})`),
    onGap: () => {
      for (const kind of LIST_KINDS) events.onListChanged(kind);
    },
  });
};

/** Whether the server still knows the session. One ping for all who ask at the same time. */
const ask = async (connection: Connection): Promise<boolean> => {
  const { ending, limits } = connection;
  const options = {
    deadline_ms: limits.connect_wait_ms,
    signal: ending.signal,
    resultBytesMax: limits.message_bytes_max,
    ours: true,
  };
  try {
    await request(connection, 'ping', Buffer.from('{}'), options);
    connection.doubtful = false;
    return true;
  } catch {
    lose(connection, SESSION_GONE);
    return false;
  } finally {
    connection.asking = undefined;
  }
};

const leave = async (connection: Connection): Promise<void> => {
  lose(connection, 'closed');
  await connection.endpoint.endSession(COURTESY_MS);
  await connection.endpoint.pool.destroy();
};

const sessionIdOf = (headers: ResponseHeaders): string | undefined => {
  const id = headerOf(headers, 'mcp-session-id');
  if (id !== undefined && !SESSION_ID.test(id)) throw new TypeError('a malformed session id');
  return id;
};
