import type { EventStore, StoredEvent } from '#event-store/event-store.js';
import { type HistoryEvent, toAppend } from './history-file.js';

/** A history to read and nothing else. */
export const memoryStore = (history: readonly HistoryEvent[]): EventStore => {
  const events = history.map(
    (event, at): StoredEvent => ({
      ...toAppend(event),
      stream: event.stream,
      revision: event.revision,
      position: BigInt(at + 1),
    }),
  );
  const readOnly = (): never => {
    throw new Error('this store is only read');
  };
  return {
    readStream: async (stream) => events.filter((event) => event.stream === stream),
    readAll: async ({ after = 0n, limit, types }) => {
      const wanted = events.filter(
        ({ position, type }) => position > after && (types === undefined || types.includes(type)),
      );
      const page = wanted.slice(0, limit);
      const end = wanted.length > limit ? page.at(-1)?.position : BigInt(events.length);
      return { events: page, scannedTo: end };
    },
    append: readOnly,
    subscribe: readOnly,
    watchInterferences: async () => undefined,
    ping: async () => undefined,
    close: async () => undefined,
  };
};
