import { CountersignError } from '#core/errors.js';
import { readFrame } from '../frame.js';
import { notificationFrame } from '../frame-write.js';
import { type Channel, openChannel } from './channel.js';
import { type Child, startChild, stopChild } from './child.js';
import { discover } from './discover.js';
import { initialize } from './handshake.js';
import { legacyReady } from './legacy-ready.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import { createLineSplitter } from './lines.js';
import type { Connect, Link, LinkEvents, LinkSettings } from './link.js';
import { type LineLog, logLines } from './log-lines.js';
import { modernReady } from './modern-ready.js';
import type { StdioTransport } from './upstream-config.types.js';

type Settings = LinkSettings<StdioTransport>;

interface StdioLink extends Link {
  readonly channel: Channel;
  send(frame: Uint8Array): void;
}

const LF = 0x0a;
const NEW_LINE = Buffer.from('\n');
/** What may wait in our memory for a child that does not read. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;

/** MCP basic/transports, stdio: a child process, one JSON-RPC message a line. */
export const connectStdio = (settings: Settings): Connect => {
  const { limits, transport, era } = settings;
  let probe_ms = limits.probe_ms;
  return async (events, signal) => {
    const start = () => openStdioLink(startChild(transport), settings, events);
    let link = start();
    if (era !== 'legacy') {
      const { server } = await discover(link, settings, { deadline_ms: probe_ms, signal, silence: 'legacy' });
      if (server) {
        link.channel.speak('modern');
        return modernReady(link, server, settings, events);
      }
      // Some servers end when they are asked something before initialize.
      if (!link.channel.open) {
        await link.close();
        link = start();
      }
    }
    // A server that only starts slowly gets more time for its first answer when this has gone wrong.
    probe_ms = limits.connect_ms;
    const confirm = async () => link.send(notificationFrame('notifications/initialized'));
    const server = await initialize(link, settings, signal, confirm);
    probe_ms = limits.probe_ms;
    return legacyReady(link, server, limits);
  };
};

const openStdioLink = (child: Child, settings: Settings, events: LinkEvents): StdioLink => {
  const { limits, transport } = settings;
  const tell = (frame: Uint8Array): void => {
    if (child.stdin.writable && child.stdin.writableLength <= UNREAD_BYTES_MAX) send(child, frame);
  };
  const carrier = {
    blocked() {
      if (!child.stdin.writable) return 'the process has ended';
      return child.stdin.writableLength > UNREAD_BYTES_MAX ? 'the process does not read' : undefined;
    },
    send(frame: Uint8Array, exchange: { markSent(): void }) {
      exchange.markSent();
      send(child, frame);
    },
    tell,
  };
  const channel = openChannel(carrier, settings, events);
  readChild(child, channel, limits, logLines(transport.onLog));
  return {
    channel,
    lost: channel.lost,
    send: tell,
    stillKnown: channel.stillKnown,
    async request(method, paramsBytes, options) {
      if (paramsBytes.includes(LF))
        throw new CountersignError('params_invalid', 'a raw line break cannot go over stdio');
      return channel.request(method, paramsBytes, options);
    },
    async close() {
      channel.lose('closed', 'connection_lost');
      await stopChild(child, limits.exit_ms);
    },
  };
};

const send = ({ stdin }: Child, frame: Uint8Array): void => {
  stdin.cork();
  stdin.write(frame);
  stdin.write(NEW_LINE);
  stdin.uncork();
};

/** Answers may still be in the pipe when the child has ended; a grandchild may hold the pipe open for ever. */
const DRAIN_MS = 500;

const readChild = (child: Child, channel: Channel, limits: UpstreamLimits, log: LineLog): void => {
  const split = createLineSplitter(limits.message_bytes_max, (line) => {
    // Many servers greet on stdout. What does not begin like a message cannot be an answer: shown, not obeyed.
    if (!looksLikeMessage(line)) log.line(line);
    else if (channel.open) channel.take(readFrame(line, answerLimits(limits, limits.message_bytes_max)));
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (!channel.open) return;
    try {
      split(chunk);
    } catch (error) {
      // No later line can be trusted to be the answer it claims to be.
      const reason = error instanceof RangeError ? 'a message over the limit' : 'a message that is not MCP';
      channel.lose(reason, 'invalid_answer');
    }
  });
  child.stderr.on('data', (chunk: Buffer) => log.chunk(chunk));
  child.once('error', (error: NodeJS.ErrnoException) => {
    channel.lose(`cannot be started (${error.code ?? 'error'})`, 'connection_lost');
  });
  child.once('exit', (code, signal) => {
    const ended = () => channel.lose(`ended (${signal ?? `exit code ${code}`})`, 'connection_lost');
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
