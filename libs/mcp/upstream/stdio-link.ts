import { CountersignError } from '#core/errors.js';
import { type Frame, readFrame } from '../frame.js';
import { notificationFrame, requestFrame } from '../frame-write.js';
import { tellChange } from './changes.js';
import { type Child, startChild, stopChild } from './child.js';
import { type Exchange, openExchange } from './exchange.js';
import { initialize } from './handshake.js';
import { legacyWatch } from './legacy-watch.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import { createLineSplitter } from './lines.js';
import type { Connect, Link, LinkEvents, LinkSettings } from './link.js';
import { type LineLog, logLines } from './log-lines.js';
import { answerServerRequest } from './server-request.js';
import type { CallAnswer, RequestOptions } from './upstream.types.js';
import type { StdioTransport } from './upstream-config.types.js';

type Settings = LinkSettings<StdioTransport>;

interface StdioLink extends Link {
  send(frame: Uint8Array): void;
}

const LF = 0x0a;
const NEW_LINE = Buffer.from('\n');
/** What may wait in our memory for a child that does not read. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;

/** MCP basic/transports, stdio: a child process, one JSON-RPC message a line. */
export const connectStdio =
  (settings: Settings): Connect =>
  async (events, signal) => {
    const link = openStdioLink(startChild(settings.transport), settings, events);
    const server = await initialize(link, settings, signal, async () =>
      link.send(notificationFrame('notifications/initialized')),
    );
    return { ...link, ...legacyWatch(link, settings.limits), server };
  };

interface Connection {
  readonly child: Child;
  readonly limits: UpstreamLimits;
  readonly events: LinkEvents;
  readonly log: LineLog;
  readonly exchanges: Map<number, Exchange>;
  readonly lost: PromiseWithResolvers<string>;
  open: boolean;
  nextId: number;
}

const openStdioLink = (child: Child, settings: Settings, events: LinkEvents): StdioLink => {
  const { limits, transport } = settings;
  const connection: Connection = {
    child,
    limits,
    events,
    log: logLines(transport.onLog),
    exchanges: new Map(),
    lost: Promise.withResolvers(),
    open: true,
    nextId: 1,
  };
  readChild(connection);
  return {
    lost: connection.lost.promise,
    send: (frame) => send(child, frame),
    stillKnown: async () => connection.open,
    request: (method, paramsBytes, options) => request(connection, method, paramsBytes, options),
    async close() {
      lose(connection, 'closed', 'connection_lost');
      await stopChild(child, limits.exit_ms);
    },
  };
};

const lose = (
  connection: Connection,
  reason: string,
  unknown: 'connection_lost' | 'invalid_answer',
): void => {
  connection.open = false;
  for (const exchange of connection.exchanges.values()) exchange.fail(unknown, reason);
  connection.lost.resolve(reason);
};

const send = ({ stdin }: Child, frame: Uint8Array): void => {
  stdin.cork();
  stdin.write(frame);
  stdin.write(NEW_LINE);
  stdin.uncork();
};

const request = async (
  connection: Connection,
  method: string,
  paramsBytes: Uint8Array,
  options: RequestOptions,
): Promise<CallAnswer> => {
  const { child, exchanges, limits } = connection;
  if (paramsBytes.includes(LF))
    throw new CountersignError('params_invalid', 'a raw line break cannot go over stdio');
  const id = connection.nextId++;
  const exchange = openExchange(id, options, (reason, sent) => {
    // initialize is the one request that must not be cancelled (basic/utilities/cancellation).
    if (!sent || !connection.open || method === 'initialize') return;
    send(child, notificationFrame('notifications/cancelled', { requestId: id, reason }));
  });
  if (!connection.open || !child.stdin.writable) exchange.refuse('the process has ended');
  else if (exchanges.size >= limits.calls_max) exchange.refuse('too many calls are under way');
  else if (child.stdin.writableLength > UNREAD_BYTES_MAX) exchange.refuse('the process does not read');
  if (exchange.over) return exchange.settled;
  exchanges.set(id, exchange);
  exchange.markSent();
  send(child, requestFrame(id, method, paramsBytes));
  return exchange.settled.finally(() => exchanges.delete(id));
};

const takeLine = (connection: Connection, line: Uint8Array): void => {
  const { limits } = connection;
  // Many servers greet on stdout. What does not begin like a message cannot be an answer: shown, not obeyed.
  if (!looksLikeMessage(line)) connection.log.line(line);
  else if (connection.open)
    takeFrame(connection, readFrame(line, answerLimits(limits, limits.message_bytes_max)));
};

const takeFrame = ({ child, exchanges, events }: Connection, frame: Frame): void => {
  if (frame.kind === 'response') exchanges.get(frame.id as number)?.answer(frame);
  else if (frame.kind === 'request') send(child, answerServerRequest(frame));
  else if (frame.method !== 'notifications/progress') tellChange(events, frame.method, frame.params);
  else for (const exchange of exchanges.values()) exchange.progress(frame.params);
};

/** Answers may still be in the pipe when the child has ended; a grandchild may hold the pipe open for ever. */
const DRAIN_MS = 500;

const readChild = (connection: Connection): void => {
  const { child, limits, log } = connection;
  const split = createLineSplitter(limits.message_bytes_max, (line) => takeLine(connection, line));
  child.stdout.on('data', (chunk: Buffer) => {
    if (!connection.open) return;
    try {
      split(chunk);
    } catch (error) {
      // No later line can be trusted to be the answer it claims to be.
      const reason = error instanceof RangeError ? 'a message over the limit' : 'a message that is not MCP';
      lose(connection, reason, 'invalid_answer');
    }
  });
  child.stderr.on('data', (chunk: Buffer) => log.chunk(chunk));
  child.once('error', (error: NodeJS.ErrnoException) => {
    lose(connection, `cannot be started (${error.code ?? 'error'})`, 'connection_lost');
  });
  child.once('exit', (code, signal) => {
    const ended = () => lose(connection, `ended (${signal ?? `exit code ${code}`})`, 'connection_lost');
    const timer = setTimeout(ended, DRAIN_MS);
    child.once('close', () => {
      clearTimeout(timer);
      ended();
    });
  });
};

/** Everything but white space before a brace or bracket is talk. */
const looksLikeMessage = (line: Uint8Array): boolean => {
  const first = line.find((byte) => byte > 0x20);
  return first === 0x7b || first === 0x5b;
};
