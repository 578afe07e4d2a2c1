import { setTimeout as sleep } from 'node:timers/promises';
import { type AllPage, type StoredEvent, StoreUnavailable, type SubscribeOptions } from '../event-store.js';
import type { RecentEvents } from './recent-events.js';

const PAGE_EVENTS = 256;
const RETRY_DELAY_MS = 100;

interface Source {
  readonly recent: RecentEvents;
  readonly isClosed: () => boolean;
  readPage(after: bigint, limit: number): Promise<AllPage>;
}

/**
 * From memory where possible, from the database otherwise, then waiting for the next commit. The consumer sets
 * the pace: a page is taken only when the one before it was consumed.
 */
export async function* follow(source: Source, options: SubscribeOptions): AsyncGenerator<StoredEvent, void> {
  const { signal, onCaughtUp } = options;
  const types = options.types && new Set(options.types);
  let at = options.after ?? 0n;
  while (!signal.aborted) {
    const page = source.recent.since(at, PAGE_EVENTS, types) ?? (await readOrWait(source, at, signal));
    for (const event of page.events) {
      if (signal.aborted) return;
      yield event;
    }
    at = page.scannedTo ?? at;
    if (at < source.recent.head() || signal.aborted) continue;
    onCaughtUp?.();
    await source.recent.next(at, signal);
    if (source.isClosed() && !signal.aborted) throw new StoreUnavailable('the event store was closed');
  }
}

const readOrWait = async (source: Source, at: bigint, signal: AbortSignal): Promise<AllPage> => {
  try {
    return await source.readPage(at, PAGE_EVENTS);
  } catch (error) {
    if (!(error instanceof StoreUnavailable) || source.isClosed()) throw error;
    // The reader thread is starting again; an empty page that scanned nothing makes the caller ask anew.
    await sleep(RETRY_DELAY_MS, undefined, { signal }).catch(() => undefined);
    return { events: [], scannedTo: at };
  }
};
