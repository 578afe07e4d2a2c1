import { CountersignError } from '#core/errors.js';
import { delay } from './delay.js';
import type { UpstreamLimits } from './limits.js';
import type { Connect, Link } from './link.js';
import { createLinkSlot, type LinkSlot } from './link-slot.js';
import { listAllTools } from './list-tools.js';
import type { Upstream } from './upstream.types.js';

/** A connection that lasts this long starts the back-off anew; shorter ones count as failures. */
const STABLE_MS = 10_000;

/** Keeps one link to an upstream, makes a new one when it is lost, and sends requests over the one that is there. */
export const supervise = (name: string, connect: Connect, limits: UpstreamLimits): Upstream => {
  const closing = new AbortController();
  const slot = createLinkSlot();
  const listeners: (() => void)[] = [];
  const toolsChanged = (): void => {
    for (const listener of listeners) listener();
  };
  const onNotification = (method: string): void => {
    if (method === 'notifications/tools/list_changed') toolsChanged();
  };
  const connectOnce = () => connect(onNotification, closing.signal);
  const running = keepConnected(slot, connectOnce, toolsChanged, limits, closing.signal);

  return {
    name,
    state: () => slot.state,
    onToolsChanged: (listener) => {
      listeners.push(listener);
    },
    async listTools(signal) {
      return listAllTools(await slot.goodLink(signal, limits.connect_wait_ms), limits, signal);
    },
    async callTool(paramsBytes, options) {
      const started = performance.now();
      const link = await slot.goodLink(options.signal, Math.min(limits.connect_wait_ms, options.deadline_ms));
      const deadline_ms = Math.max(1, options.deadline_ms - (performance.now() - started));
      return link.request('tools/call', paramsBytes, { ...options, deadline_ms });
    },
    async close() {
      closing.abort();
      await slot.link?.close();
      await running;
    },
  };
};

/** Runs until `signal` aborts; never rejects. */
const keepConnected = async (
  slot: LinkSlot,
  connect: () => Promise<Link>,
  onReady: () => void,
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
  connect: () => Promise<Link>,
  onReady: () => void,
  signal: AbortSignal,
): Promise<void> => {
  const link = await connect();
  try {
    if (signal.aborted) return;
    slot.become({ kind: 'ready' }, link);
    onReady();
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
