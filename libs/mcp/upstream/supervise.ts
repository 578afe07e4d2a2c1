import { CountersignError } from '#core/errors.js';
import { boundEvents } from './bounded-events.js';
import { createBreaker } from './breaker.js';
import { delay } from './delay.js';
import type { UpstreamLimits } from './limits.js';
import type { Connect, ReadyLink } from './link.js';
import { createLinkSlot, type LinkSlot } from './link-slot.js';
import { LIST_KINDS, type ListKind, type Upstream, type UpstreamServer } from './upstream.types.js';

/** A connection that lasts this long starts the back-off anew; shorter ones count as failures. */
const STABLE_MS = 10_000;

/** Keeps one link to an upstream, makes a new one when it is lost, and sends requests over the one that is there. */
export const supervise = (name: string, connect: Connect, limits: UpstreamLimits): Upstream => {
  const closing = new AbortController();
  const slot = createLinkSlot();
  const watched = new Set<string>();
  const listListeners: ((kind: ListKind) => void)[] = [];
  const resourceListeners: ((uri: string) => void)[] = [];
  let server: UpstreamServer | undefined;
  const breaker = createBreaker(limits);
  const events = boundEvents({
    onListChanged(kind) {
      for (const listener of listListeners) listener(kind);
    },
    onResourceUpdated(uri) {
      if (watched.has(uri)) for (const listener of resourceListeners) listener(uri);
    },
  });
  const onReady = (link: ReadyLink): void => {
    server = link.server;
    // A server that declines now has told of the resource before: its readers learn it from the next read.
    for (const uri of watched) void link.watch(uri).catch(() => undefined);
    for (const kind of LIST_KINDS) for (const listener of listListeners) listener(kind);
  };
  const connectOnce = () => connect(events, closing.signal);
  const running = keepConnected(slot, connectOnce, onReady, limits, closing.signal);

  return {
    name,
    state() {
      const paused = breaker.paused();
      return paused === undefined ? slot.state : { kind: 'down', reason: paused };
    },
    server: () => server,
    onListChanged: (listener) => {
      listListeners.push(listener);
    },
    onResourceUpdated: (listener) => {
      resourceListeners.push(listener);
    },
    async list(kind, signal) {
      const link = await slot.goodLink(signal, limits.connect_wait_ms);
      return link.list(kind, signal);
    },
    async watch(uri) {
      if (watched.has(uri)) return;
      const link = await slot.goodLink(closing.signal, limits.connect_wait_ms);
      watched.add(uri);
      await link.watch(uri).catch((error: unknown) => {
        watched.delete(uri);
        throw error;
      });
    },
    async unwatch(uri) {
      if (watched.delete(uri)) await slot.link?.unwatch(uri);
    },
    async request(method, paramsBytes, options) {
      const started = performance.now();
      const link = await slot.goodLink(options.signal, Math.min(limits.connect_wait_ms, options.deadline_ms));
      if (options.era !== undefined && options.era !== link.server.era)
        throw new CountersignError(
          'upstream_unavailable',
          `the server speaks the ${link.server.era} era now`,
        );
      const deadline_ms = Math.max(1, options.deadline_ms - (performance.now() - started));
      return breaker.run(() => link.request(method, paramsBytes, { ...options, deadline_ms }));
    },
    async close() {
      closing.abort();
      events.stop();
      await slot.link?.close();
      await running;
    },
  };
};

/** Runs until `signal` aborts; never rejects. */
const keepConnected = async (
  slot: LinkSlot,
  connect: () => Promise<ReadyLink>,
  onReady: (link: ReadyLink) => void,
  limits: UpstreamLimits,
  signal: AbortSignal,
): Promise<void> => {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const since = performance.now();
      await holdOneLink(slot, connect, onReady, signal);
      failures = performance.now() - since >= STABLE_MS ? 0 : failures + 1;
      // A lost link is replaced at once; only one that keeps dying young is slowed down.
      if (failures <= 1) continue;
    } catch (error) {
      failures++;
      slot.become({ kind: 'down', reason: reasonOf(error) });
    }
    await delay(backoff_ms(failures, limits), signal);
  }
  slot.become({ kind: 'down', reason: 'closed' });
};

const holdOneLink = async (
  slot: LinkSlot,
  connect: () => Promise<ReadyLink>,
  onReady: (link: ReadyLink) => void,
  signal: AbortSignal,
): Promise<void> => {
  const link = await connect();
  try {
    if (signal.aborted) return;
    slot.become({ kind: 'ready' }, link);
    onReady(link);
    slot.become({ kind: 'connecting', reason: await link.lost });
  } finally {
    await link.close();
  }
};

const backoff_ms = (failures: number, limits: UpstreamLimits): number => {
  const grown = limits.backoff_first_ms * 2 ** Math.min(failures - 1, 20);
  // Replicas that lost the same upstream together must not come back together.
  return Math.min(grown, limits.backoff_max_ms) * (0.8 + Math.random() * 0.4);
};

const reasonOf = (error: unknown): string => {
  if (error instanceof CountersignError) return error.detail ?? error.code;
  return error instanceof Error ? error.name : 'unknown';
};
