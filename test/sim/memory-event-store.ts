import {
  type AppendResult,
  type EventStore,
  type EventToAppend,
  type StoredEvent,
  UnknownOutcome,
  WrongRevision,
} from '#event-store/event-store.js';

/** What happens to the next append: nobody hears whether it was stored. */
export type AppendFault = 'stored' | 'not stored';

export interface MemoryEventStore extends EventStore {
  /** Everything, in the order of the log. */
  readonly events: readonly StoredEvent[];
  failNextAppend(fault: AppendFault): void;
}

/** The port in memory, within one process: each append is one step, and is as durable as the test. */
export const memoryEventStore = (checksRevisions = true): MemoryEventStore => {
  const events: StoredEvent[] = [];
  const streams = new Map<string, StoredEvent[]>();
  let fault: AppendFault | undefined;
  const streamOf = (name: string): readonly StoredEvent[] => streams.get(name) ?? [];
  const isRepeated = (stored: readonly StoredEvent[], expected: number, ids: readonly EventToAppend[]) =>
    ids.every(({ id }, index) => stored[expected + 1 + index]?.id === id);
  const store = (name: string, expected: number, toAppend: readonly EventToAppend[]): AppendResult => {
    const stored = streamOf(name);
    const isExpected = stored.length - 1 === expected || !checksRevisions;
    if (!isExpected && !isRepeated(stored, expected, toAppend))
      throw new WrongRevision(name, expected, stored.length - 1);
    const added = isRepeated(stored, expected, toAppend)
      ? []
      : toAppend.map((event, index) => ({
          ...event,
          stream: name,
          revision: stored.length + index,
          position: BigInt(events.length + 1 + index),
        }));
    events.push(...added);
    streams.set(name, [...stored, ...added]);
    const revision = expected + toAppend.length;
    return { revision, position: streamOf(name)[revision]?.position ?? 0n };
  };
  return {
    events,
    failNextAppend: (next) => {
      fault = next;
    },
    append: async (stream, expected, toAppend) => {
      const now = fault;
      fault = undefined;
      if (now === 'not stored') throw new UnknownOutcome(stream);
      const result = store(stream, expected, toAppend);
      if (now === 'stored') throw new UnknownOutcome(stream);
      return result;
    },
    readStream: async (stream) => streamOf(stream),
    readAll: async ({ after, limit, types }) => {
      const page: StoredEvent[] = [];
      let at = Number(after ?? 0n);
      for (; at < events.length && page.length < limit; at++) {
        const event = events[at];
        if (event !== undefined && (types === undefined || types.includes(event.type))) page.push(event);
      }
      const end = BigInt(at);
      return { events: page, scannedTo: events.length === 0 ? undefined : end };
    },
    subscribe: () => {
      throw new Error('nobody subscribes here');
    },
    watchInterferences: async () => undefined,
    ping: async () => undefined,
    close: async () => undefined,
  };
};
