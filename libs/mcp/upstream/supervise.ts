import { CountersignError } from '#core/errors.js';
import { boundEvents } from './bounded-events.js';
import { createBreaker } from './breaker.js';
import type { CallerLinks } from './caller-links.js';
import { isConsentNeeded, isCredentialError } from './credential-error.js';
import type { UpstreamLimits } from './limits.js';
import type { Connect, LinkEvents, ReadyLink } from './link.js';
import { createLinkSlot, type LinkSlot } from './link-slot.js';
import { createRest, type Rest } from './rest.js';
import { LIST_KINDS, type ListKind, type Upstream, type UpstreamServer } from './upstream.types.js';

/** A connection that lasts this long starts the back-off anew; shorter ones count as failures. */
const STABLE_MS = 10_000;
/** A consent may have been given at another replica; without one nothing is sent, so looking costs nothing. */
const CONSENT_LOOK_MS = 2_000;

export interface Supervised {
  readonly name: string;
  readonly connect: Connect;
  readonly limits: UpstreamLimits;
  /** Calls when a missing credential has come. @returns what ends it */
  readonly onGranted?: ((listener: () => void) => () => void) | undefined;
  /** For servers where each caller has a credential of its own; a session of the legacy era is then each caller's own. */
  readonly callerLinks?: ((events: LinkEvents) => CallerLinks) | undefined;
}

/** Keeps one link to an upstream, makes a new one when it is lost, and sends requests over the one that is there. */
export const supervise = ({ name, connect, limits, onGranted, callerLinks }: Supervised): Upstream => {
  const closing = new AbortController();
  const slot = createLinkSlot();
  const watched = new Set<string>();
  const tasks = new Set<string>();
  const listListeners: ((kind: ListKind) => void)[] = [];
  const resourceListeners: ((uri: string) => void)[] = [];
  const taskListeners: ((taskId: string) => void)[] = [];
  let server: UpstreamServer | undefined;
  const breaker = createBreaker(limits);
  const events = boundEvents({
    onListChanged(kind) {
      for (const listener of listListeners) listener(kind);
    },
    onResourceUpdated(uri) {
      if (watched.has(uri)) for (const listener of resourceListeners) listener(uri);
    },
    onTaskChanged(taskId) {
      if (tasks.has(taskId)) for (const listener of taskListeners) listener(taskId);
    },
  });
  const tellLists = (): void => {
    for (const kind of LIST_KINDS) for (const listener of listListeners) listener(kind);
  };
  const onReady = (link: ReadyLink): void => {
    server = link.server;
    // A server that declines now has told of the resource before: its readers learn it from the next read.
    for (const uri of watched) void link.watch(uri).catch(() => undefined);
    for (const taskId of tasks) link.watchTask?.(taskId);
    tellLists();
  };
  const connectOnce = () => connect(events, closing.signal);
  const rest = createRest();
  const ungranted = onGranted?.(() => {
    // Requests wait for the attempt that is made now.
    if (slot.state.kind === 'down') slot.become({ kind: 'connecting' });
    rest.wake();
    tellLists();
  });
  const running = keepConnected({
    slot,
    connect: connectOnce,
    onReady,
    limits,
    rest,
    signal: closing.signal,
  });
  const ofCallers = callerLinks?.({ ...events, onResourceUpdated: () => {} });

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
    onTaskChanged: (listener) => {
      taskListeners.push(listener);
    },
    watchTask(taskId) {
      tasks.add(taskId);
      slot.link?.watchTask?.(taskId);
    },
    unwatchTask(taskId) {
      tasks.delete(taskId);
      slot.link?.unwatchTask?.(taskId);
    },
    async request(method, paramsBytes, options) {
      const started = performance.now();
      const wait_ms = Math.min(limits.connect_wait_ms, options.deadline_ms);
      const link = await slot.goodLink(options.signal, wait_ms);
      if (options.era !== undefined && options.era !== link.server.era)
        throw new CountersignError(
          'upstream_unavailable',
          `the server speaks the ${link.server.era} era now`,
        );
      const send = (over: ReadyLink) => {
        const deadline_ms = Math.max(1, options.deadline_ms - (performance.now() - started));
        // A well server answers it when its task has ended (MCP 2025-11-25 basic/utilities/tasks, result retrieval).
        const mayTakeLong = method === 'tasks/result';
        return breaker.run(() => over.request(method, paramsBytes, { ...options, deadline_ms }), mayTakeLong);
      };
      if (ofCallers && options.caller && link.server.era === 'legacy')
        return ofCallers.use(options.caller, options.signal, wait_ms, send);
      return send(link);
    },
    async close() {
      closing.abort();
      ungranted?.();
      events.stop();
      await Promise.all([slot.link?.close(), ofCallers?.close()]);
      await running;
    },
  };
};

interface Keeping {
  readonly slot: LinkSlot;
  readonly connect: () => Promise<ReadyLink>;
  readonly onReady: (link: ReadyLink) => void;
  readonly limits: UpstreamLimits;
  readonly rest: Rest;
  readonly signal: AbortSignal;
}

/** Runs until `signal` aborts; never rejects. */
const keepConnected = async (keeping: Keeping): Promise<void> => {
  const { slot, limits, rest, signal } = keeping;
  let failures = 0;
  while (!signal.aborted) {
    let wait_max_ms = Number.POSITIVE_INFINITY;
    try {
      const since = performance.now();
      await holdOneLink(keeping);
      failures = performance.now() - since >= STABLE_MS ? 0 : failures + 1;
      // A lost link is replaced at once; only one that keeps dying young is slowed down.
      if (failures <= 1) continue;
    } catch (error) {
      failures++;
      if (isConsentNeeded(error)) wait_max_ms = CONSENT_LOOK_MS;
      const state = { kind: 'down', reason: reasonOf(error) } as const;
      if (rest.isWoken) slot.become({ kind: 'connecting' });
      else if (isCredentialError(error)) slot.lack(state, error);
      else slot.become(state);
    }
    if (await rest.pause(Math.min(backoff_ms(failures, limits), wait_max_ms), signal)) failures = 0;
  }
  slot.become({ kind: 'down', reason: 'closed' });
};

const holdOneLink = async ({ slot, connect, onReady, signal }: Keeping): Promise<void> => {
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
