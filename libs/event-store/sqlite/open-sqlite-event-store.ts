import { resolve as absolutePath } from 'node:path';
import { assertAppendable } from '../append-limits.js';
import { type AllPage, type EventStore, type ReadAllOptions, StoreUnavailable } from '../event-store.js';
import { assertReadLimit, distinctTypes } from '../read-limits.js';
import { type AppendQueue, createAppendQueue } from './append-queue.js';
import { watchInterferences } from './interferences.js';
import { lockForWriting } from './lock.js';
import type {
  PingAnswer,
  ReadAnswer,
  ReadMessage,
  WriterAnswer,
  WriterMessage,
  WriterOptions,
} from './messages.js';
import { createReadQueue, type ReadQueue } from './read-queue.js';
import { createRecentEvents, type RecentEvents } from './recent-events.js';
import { follow } from './subscription.js';
import { type SupervisedThread, superviseThread } from './supervised-thread.js';

export interface SqliteEventStoreOptions {
  /** Path of the database; its folder is made if missing. Beside it: `-wal`, `-shm` and `.lock`. Local disks only. */
  readonly file: string;
  /** `PRAGMA quick_check` at the start: reads the whole file once. Default true. */
  readonly quick_check?: boolean;
  /** Entry point of the writer thread; tests put one with faults here. */
  readonly writer_entry?: URL;
}

/**
 * The embedded event store: SQLite in WAL mode with `synchronous = FULL`, one writer thread with group commit,
 * one reader thread that never makes it wait. One process at a time.
 * @throws Error when another process has it open, or the file is damaged, foreign or cannot be made durable.
 */
export const openSqliteEventStore = async (options: SqliteEventStoreOptions): Promise<EventStore> => {
  const file = absolutePath(options.file);
  const lock = lockForWriting(file);
  try {
    const recent = createRecentEvents();
    const writer = startWriter(options, file, recent);
    await writer.thread.started;
    // After the writer: the schema is there.
    const reader = startReader(file);
    await reader.thread.started.catch(async (error: unknown) => {
      await writer.thread.close({ kind: 'close' });
      throw error;
    });
    return eventStoreOf({
      file,
      closing: new AbortController(),
      recent,
      writer,
      reader,
      release: () => lock.release(),
    });
  } catch (error) {
    lock.release();
    throw error;
  }
};

interface Writer {
  readonly thread: SupervisedThread<WriterMessage>;
  readonly appends: AppendQueue;
  ping(): Promise<void>;
}

interface Reader {
  readonly thread: SupervisedThread<ReadMessage>;
  readonly reads: ReadQueue;
}

const startWriter = (options: SqliteEventStoreOptions, file: string, recent: RecentEvents): Writer => {
  const pings = new Map<number, PromiseWithResolvers<void>>();
  let ping_seq = 0;
  const onPong = ({ seq, failure }: PingAnswer): void => {
    if (failure) pings.get(seq)?.reject(new StoreUnavailable(failure.message));
    else pings.get(seq)?.resolve();
    pings.delete(seq);
  };
  const onAnswer = (answer: WriterAnswer): void => {
    if (answer.kind === 'appended') appends.onAnswer(answer);
    else if (answer.kind === 'pong') onPong(answer);
    else recent.openedAt(BigInt(answer.position));
  };
  // A thread that is started again opens a file that this process has checked already.
  const data = (restarts: number): WriterOptions => ({
    file,
    quick_check: restarts === 0 && (options.quick_check ?? true),
  });
  const thread = superviseThread<WriterMessage, WriterAnswer>({
    name: 'event-store-writer',
    entry: options.writer_entry ?? new URL('./writer.worker.js', import.meta.url),
    data,
    onAnswer,
    onDeath: (reason) => {
      appends.onWriterDeath(reason);
      for (const ping of pings.values()) ping.reject(new StoreUnavailable(`the writer ended: ${reason}`));
      pings.clear();
    },
  });
  const appends = createAppendQueue({ handOver: thread.post, onCommitted: recent.add });
  const ping = (): Promise<void> => {
    ping_seq += 1;
    if (!thread.post({ kind: 'ping', seq: ping_seq }))
      return Promise.reject(new StoreUnavailable('the writer of the event store is restarting'));
    const waiting = Promise.withResolvers<void>();
    pings.set(ping_seq, waiting);
    return waiting.promise;
  };
  return { thread, appends, ping };
};

const startReader = (file: string): Reader => {
  const thread = superviseThread<ReadMessage, ReadAnswer>({
    name: 'event-store-reader',
    entry: new URL('./reader.worker.js', import.meta.url),
    data: () => ({ file }),
    onAnswer: (answer) => reads.onAnswer(answer),
    onDeath: (reason) => reads.onReaderDeath(reason),
  });
  const reads = createReadQueue(thread.post);
  return { thread, reads };
};

interface Parts {
  readonly file: string;
  readonly closing: AbortController;
  readonly recent: RecentEvents;
  readonly writer: Writer;
  readonly reader: Reader;
  readonly release: () => void;
}

const eventStoreOf = (parts: Parts): EventStore => {
  const { recent, writer, reader } = parts;
  let closed: Promise<void> | undefined;
  const assertOpen = (): void => {
    if (closed) throw new StoreUnavailable('the event store is closed');
  };
  return {
    append: async (stream, expected, events) => {
      assertOpen();
      const bytes = assertAppendable(stream, expected, events);
      return writer.appends.append(stream, expected, events, bytes);
    },
    readStream: async (stream, { backwards = false, limit } = {}) => {
      assertOpen();
      assertReadLimit(limit);
      const query = { kind: 'stream', stream, backwards, limit: limit ?? Number.MAX_SAFE_INTEGER } as const;
      return (await reader.reads.read(query)).events;
    },
    readAll: async (options) => {
      assertOpen();
      return readAll(reader, options);
    },
    subscribe: (options) => {
      const types = options.types && distinctTypes(options.types);
      const readPage = (after: bigint, limit: number): Promise<AllPage> =>
        readAll(reader, { after, limit, ...(types && { types }) });
      return follow({ recent, readPage, isClosed: () => closed !== undefined }, options);
    },
    watchInterferences: (signal, tell) => {
      assertOpen();
      return watchInterferences(parts.file, AbortSignal.any([signal, parts.closing.signal]), tell);
    },
    ping: async () => {
      assertOpen();
      return writer.ping();
    },
    close: () => {
      closed ??= closeParts(parts);
      return closed;
    },
  };
};

const readAll = async (
  reader: Reader,
  { after, limit, types, attachments }: ReadAllOptions,
): Promise<AllPage> => {
  assertReadLimit(limit);
  const page = await reader.reads.read({
    kind: 'all',
    after: Number(after ?? 0n),
    limit,
    types: types && distinctTypes(types),
    attachments: attachments ?? true,
  });
  return { events: page.events, scannedTo: page.scanned_to > 0 ? BigInt(page.scanned_to) : after };
};

const closeParts = async ({ closing, recent, writer, reader, release }: Parts): Promise<void> => {
  closing.abort();
  await writer.appends.drained();
  recent.wakeAll();
  await reader.thread.close({ kind: 'close' });
  // Last of the two: the last connection to close folds the WAL back into the database.
  await writer.thread.close({ kind: 'close' });
  release();
};
