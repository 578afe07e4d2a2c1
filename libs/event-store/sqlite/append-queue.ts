import {
  type AppendResult,
  type EventToAppend,
  type StoredEvent,
  StoreFull,
  StoreUnavailable,
  UnknownOutcome,
  WrongRevision,
} from '../event-store.js';
import type { AppendedAnswer, AppendMessage, Failure } from './messages.js';
import { type PackedEvents, packEvents, unpackEvents } from './packed-events.js';
import { createWaitingLoad } from './waiting-load.js';

/** One message to the writer thread; a single append can be larger. */
const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;

interface WaitingAppend {
  readonly stream: string;
  readonly expected: number;
  readonly events: readonly EventToAppend[];
  readonly bytes: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
}

interface HandedOver {
  readonly appends: readonly WaitingAppend[];
  readonly packed: PackedEvents;
}

export interface AppendQueue {
  append(
    stream: string,
    expected: number,
    events: readonly EventToAppend[],
    bytes: number,
  ): Promise<AppendResult>;
  onAnswer(answer: AppendedAnswer): void;
  /** The writer is gone: what it had been given may or may not be durable. */
  onWriterDeath(reason: string): void;
  /** Fulfils when nothing waits any more. */
  drained(): Promise<void>;
}

interface QueueOptions {
  /** False when no writer took it. */
  readonly handOver: (message: AppendMessage) => boolean;
  /** New events of one message in store order, called before the appends are answered. */
  readonly onCommitted: (events: readonly StoredEvent[]) => void;
}

/**
 * Collects the appends of one turn of the event loop (all callbacks of a poll phase come before setImmediate)
 * into one message, so that callers who arrive together share one crossing of the thread and one flush.
 */
export const createAppendQueue = ({ handOver, onCommitted }: QueueOptions): AppendQueue => {
  let queue: WaitingAppend[] = [];
  let seq = 0;
  const under_way = new Map<number, HandedOver>();
  const load = createWaitingLoad();

  const rejectAll = (appends: readonly WaitingAppend[], errorOf: () => Error): void => {
    load.remove(appends);
    for (const { reject } of appends) reject(errorOf());
  };

  const flush = (): void => {
    const all = queue;
    queue = [];
    for (const appends of chunksBySize(all)) {
      const packed = packEvents(
        appends.map(({ events }) => events),
        sumOfBytes(appends),
      );
      if (handOver(messageOf(++seq, appends, packed))) under_way.set(seq, { appends, packed });
      else rejectAll(appends, () => new StoreUnavailable('the writer of the event store is restarting'));
    }
  };

  return {
    append: (stream, expected, events, bytes) => {
      if (!load.add(bytes))
        return Promise.reject(new StoreUnavailable('too many appends are waiting for the disk'));
      if (queue.length === 0) setImmediate(flush);
      return new Promise((resolve, reject) => {
        queue.push({ stream, expected, events, bytes, resolve, reject });
      });
    },
    onAnswer: (answer) => {
      const handed = under_way.get(answer.seq);
      if (!handed) throw new Error(`the writer answered ${answer.seq}, which was not asked`);
      under_way.delete(answer.seq);
      const { failure } = answer;
      if (failure) return rejectAll(handed.appends, () => errorOfFailure(failure));
      onCommitted(storedEvents(handed, answer));
      load.remove(handed.appends);
      for (const [index, append] of handed.appends.entries()) answerOne(append, answer, index);
    },
    onWriterDeath: (reason) => {
      for (const { appends } of under_way.values())
        rejectAll(appends, () => new UnknownOutcome(`the writer ended before it answered: ${reason}`));
      under_way.clear();
    },
    drained: load.drained,
  };
};

const answerOne = (append: WaitingAppend, answer: AppendedAnswer, index: number): void => {
  const revision = answer.revisions[index] as number;
  const position = answer.positions[index] as number;
  if (position < 0) append.reject(new WrongRevision(append.stream, append.expected, revision));
  else append.resolve({ revision, position: BigInt(position) });
};

/**
 * What was committed, as readers will see it; the bytes are those handed to the writer, which nobody else can
 * change. Answers to retries are among them: the reader of this list knows them by their old positions.
 */
const storedEvents = ({ appends, packed }: HandedOver, answer: AppendedAnswer): StoredEvent[] => {
  const events = unpackEvents(packed);
  const stored: StoredEvent[] = [];
  let first = 0;
  for (const [index, { stream, expected, events: own }] of appends.entries()) {
    const last_position = answer.positions[index] as number;
    for (const nth of own.keys()) {
      if (last_position < 0) break;
      const event = events[first + nth] as EventToAppend;
      const position = BigInt(last_position - own.length + 1 + nth);
      stored.push({ ...event, stream, revision: expected + 1 + nth, position });
    }
    first += own.length;
  }
  return stored;
};

const errorOfFailure = ({ kind, message }: Failure): Error => {
  switch (kind) {
    case 'full':
      return new StoreFull(message);
    case 'unavailable':
      return new StoreUnavailable(message);
    case 'unknown':
      return new UnknownOutcome(message);
  }
};

const sumOfBytes = (appends: readonly WaitingAppend[]): number =>
  appends.reduce((sum, { bytes }) => sum + bytes, 0);

const chunksBySize = (appends: readonly WaitingAppend[]): WaitingAppend[][] => {
  const chunks: WaitingAppend[][] = [];
  let room = 0;
  for (const append of appends) {
    if (chunks.length === 0 || append.bytes > room) {
      chunks.push([]);
      room = MESSAGE_BYTES_MAX;
    }
    chunks.at(-1)?.push(append);
    room -= append.bytes;
  }
  return chunks;
};

const messageOf = (seq: number, appends: readonly WaitingAppend[], packed: PackedEvents): AppendMessage => ({
  kind: 'append',
  seq,
  streams: appends.map(({ stream }) => stream),
  expected: appends.map(({ expected }) => expected),
  counts: appends.map(({ events }) => events.length),
  packed,
});
