import { createHash } from 'node:crypto';
import type { UpstreamLimits } from './limits.js';
import type { ListedItem, ListKind } from './upstream.types.js';

export interface Refresh {
  /** @param told the server tells when this list changes, so that only a time to live asks for looking again. */
  listed(kind: ListKind, items: readonly ListedItem[], ttl_ms: number | undefined, told: boolean): void;
  stop(): void;
}

/** Lists that stay the same are asked for less and less often, down to one in this many times. */
const SLOWER_MAX = 16;

/**
 * Lets a list be fetched again when its time to live is over (MCP 2026-07-28 server/utilities/caching), never more often
 * than `list_ttl_min_ms`, with jitter and with back-off while nothing changes.
 */
export const createRefresh = (limits: UpstreamLimits, onStale: (kind: ListKind) => void): Refresh => {
  const known = new Map<ListKind, { digest: string; slower: number; timer: NodeJS.Timeout | undefined }>();
  let stopped = false;
  return {
    listed(kind, items, ttl_ms, told) {
      const before = known.get(kind);
      clearTimeout(before?.timer);
      const digest = digestOf(items);
      const slower = before?.digest === digest ? Math.min(before.slower * 2, SLOWER_MAX) : 1;
      let timer: NodeJS.Timeout | undefined;
      const due_ms = ttl_ms ? Math.max(ttl_ms, limits.list_ttl_min_ms) : limits.list_poll_ms;
      if (!stopped && (ttl_ms || !told)) {
        const wait_ms = Math.min(due_ms * slower * (1 + Math.random() * 0.2), 2 ** 31 - 1);
        timer = setTimeout(() => onStale(kind), wait_ms);
        timer.unref();
      }
      known.set(kind, { digest, slower, timer });
    },
    stop() {
      stopped = true;
      for (const { timer } of known.values()) clearTimeout(timer);
    },
  };
};

const digestOf = (items: readonly ListedItem[]): string => {
  const hash = createHash('sha256');
  for (const { bytes } of items) hash.update(bytes).update('\n');
  return hash.digest('base64');
};
