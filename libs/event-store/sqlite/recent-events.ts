import type { AllPage, StoredEvent } from '../event-store.js';

const RECENT_EVENTS_MAX = 4_096;
const RECENT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The newest events in memory, so that subscribers who keep up cost no read of the database, and the place
 * where subscribers wait. Only committed events come here; what is missing (after a restart of the writer, or
 * for a slow subscriber) is read from the database.
 */
export interface RecentEvents {
  /** Position of the last event known to be committed, 0n for none. */
  readonly head: () => bigint;
  add(events: readonly StoredEvent[]): void;
  /** The writer (re)opened the database and found `position` as its last event. */
  openedAt(position: bigint): void;
  /** Undefined when the event after `after` is no longer (or was never) here. */
  since(after: bigint, limit: number, types: ReadonlySet<string> | undefined): AllPage | undefined;
  /** Fulfils when there is an event after `after`, when `signal` aborts, and on `wakeAll`. */
  next(after: bigint, signal: AbortSignal): Promise<void>;
  wakeAll(): void;
}

export const createRecentEvents = (): RecentEvents => {
  let events: StoredEvent[] = [];
  let bytes = 0;
  let head = 0n;
  const waiting = createWaiting();

  const trim = (): void => {
    let dropped = 0;
    while (events.length - dropped > RECENT_EVENTS_MAX || bytes > RECENT_BYTES_MAX)
      bytes -= bytesOf(events[dropped++] as StoredEvent);
    if (dropped > 0) events = events.slice(dropped);
  };

  return {
    head: () => head,
    add: (committed) => {
      for (const event of committed) {
        // The answer to a retry names events that were added long ago.
        if (event.position <= head) continue;
        // A gap: events whose outcome was unknown turned out to be durable. Readers take them from the database.
        if (event.position !== head + 1n) {
          events = [];
          bytes = 0;
        }
        head = event.position;
        events.push(event);
        bytes += bytesOf(event);
      }
      trim();
      waiting.wakeAll();
    },
    openedAt: (position) => {
      if (position <= head) return;
      events = [];
      bytes = 0;
      head = position;
      waiting.wakeAll();
    },
    since: (after, limit, types) => {
      if (after >= head) return { events: [], scannedTo: after };
      const first = events[0]?.position;
      if (first === undefined || after < first - 1n) return undefined;
      return takeFrom(events, Number(after - first) + 1, limit, types);
    },
    next: async (after, signal) => {
      if (head <= after && !signal.aborted) await waiting.wait(signal);
    },
    wakeAll: waiting.wakeAll,
  };
};

const createWaiting = (): { wait(signal: AbortSignal): Promise<void>; wakeAll(): void } => {
  const waiting = new Set<() => void>();
  return {
    wait: (signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake);
      }),
    wakeAll: () => {
      for (const wake of [...waiting]) wake();
    },
  };
};

const takeFrom = (
  events: readonly StoredEvent[],
  start: number,
  limit: number,
  types: ReadonlySet<string> | undefined,
): AllPage => {
  const taken: StoredEvent[] = [];
  let at = start;
  for (; at < events.length && taken.length < limit; at++) {
    const event = events[at] as StoredEvent;
    if (types === undefined || types.has(event.type)) taken.push(event);
  }
  return { events: taken, scannedTo: events[at - 1]?.position };
};

const bytesOf = ({ entry, attachment }: StoredEvent): number =>
  entry.byteLength + (attachment?.byteLength ?? 0);
