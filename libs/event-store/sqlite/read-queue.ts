import { type StoredEvent, StoreUnavailable } from '../event-store.js';
import type { ReadAllQuery, ReadAnswer, ReadMessage, ReadPage, ReadStreamQuery } from './messages.js';
import { unpackEvents } from './packed-events.js';

const WAITING_READS_MAX = 4_096;

export interface Page {
  readonly events: StoredEvent[];
  readonly scanned_to: number;
}

export interface ReadQueue {
  read(query: ReadStreamQuery | ReadAllQuery): Promise<Page>;
  onAnswer(answer: ReadAnswer): void;
  onReaderDeath(reason: string): void;
}

/** Pairs the answers of the reader thread with their questions. `handOver` is false when nobody took it. */
export const createReadQueue = (handOver: (message: ReadMessage) => boolean): ReadQueue => {
  const under_way = new Map<number, PromiseWithResolvers<Page>>();
  let seq = 0;
  return {
    read: (query) => {
      if (under_way.size >= WAITING_READS_MAX)
        return Promise.reject(new StoreUnavailable('too many reads are waiting'));
      seq += 1;
      if (!handOver({ kind: 'read', seq, query }))
        return Promise.reject(new StoreUnavailable('the reader of the event store is restarting'));
      const waiting = Promise.withResolvers<Page>();
      under_way.set(seq, waiting);
      return waiting.promise;
    },
    onAnswer: (answer) => {
      if (answer.kind !== 'page') return;
      const waiting = under_way.get(answer.seq);
      under_way.delete(answer.seq);
      if (answer.page) waiting?.resolve(pageOf(answer.page));
      else waiting?.reject(new StoreUnavailable(answer.failure?.message));
    },
    onReaderDeath: (reason) => {
      for (const waiting of under_way.values())
        waiting.reject(new StoreUnavailable(`the reader ended before it answered: ${reason}`));
      under_way.clear();
    },
  };
};

const pageOf = ({ streams, revisions, positions, packed, scanned_to }: ReadPage): Page => ({
  events: unpackEvents(packed).map((event, index) => ({
    ...event,
    stream: streams[index] as string,
    revision: revisions[index] as number,
    position: BigInt(positions[index] as number),
  })),
  scanned_to,
});
