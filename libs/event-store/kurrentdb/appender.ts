import type { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { type AppendResult, type EventToAppend, StoreUnavailable, UnknownOutcome } from '../event-store.js';
import { appendError } from './append-error.js';
import { createAppendSlots } from './append-slots.js';
import { toKurrent } from './kurrent-event.js';

/** The client sends an append in messages of this size; see AppendSlots for why 15. */
const MESSAGE_BYTES_MAX = 3 * 1024 * 1024;
const MESSAGES_UNDER_WAY_MAX = 15;
const DISPOSE_MS_MAX = 1_000;

export interface Appender {
  append(
    stream: string,
    expected: number,
    events: readonly EventToAppend[],
    bytes: number,
  ): Promise<AppendResult>;
  /** Fulfils when every append has settled; takes no longer than their deadlines. */
  drained(): Promise<void>;
}

interface AppenderOptions {
  /** Used for appends only: when the server does not answer one in time, all its calls are cancelled. */
  readonly client: KurrentDBClient;
  readonly deadline_ms: number;
  readonly positionOf: (stream: string, revision: number) => Promise<bigint>;
}

export const createAppender = ({ client, deadline_ms, positionOf }: AppenderOptions): Appender => {
  const slots = createAppendSlots(MESSAGES_UNDER_WAY_MAX);
  let cancelling: Promise<void> | undefined;

  /** The client has no deadline of its own for the call that carries the appends. */
  const cancelAll = (): Promise<void> => {
    cancelling ??= Promise.race([client.dispose(), pause(DISPOSE_MS_MAX)]).finally(() => {
      cancelling = undefined;
    });
    return cancelling;
  };

  const under_way = new Set<Promise<AppendResult>>();
  const append: Appender['append'] = async (stream, expected, events, bytes) => {
    const release = await slots.take(messagesOf(bytes), deadline_ms);
    // A call that is being cancelled would swallow what is written to it now.
    while (cancelling) await cancelling;
    const sending = client
      .appendToStream(stream, events.map(toKurrent), {
        streamState: expected < 0 ? 'no_stream' : BigInt(expected),
        batchAppendSize: MESSAGE_BYTES_MAX,
        deadline: deadline_ms,
        requiresLeader: true,
      })
      .catch((error: unknown) => Promise.reject(appendError(error, stream, expected, slots.used() <= 1)))
      .finally(release);
    const result = await inTime(sending, deadline_ms, () => {
      cancelAll().finally(release);
      return new UnknownOutcome(`append to ${stream}: no answer within ${deadline_ms} ms`);
    });
    const revision = expected + events.length;
    if (result.nextExpectedRevision !== BigInt(revision))
      throw new UnknownOutcome(
        `stream ${stream} was deleted and written again: revision ${result.nextExpectedRevision}`,
      );
    if (result.position) return { revision, position: result.position.commit };
    return { revision, position: await positionOfRetry(positionOf, stream, revision) };
  };

  return {
    append: (...args) => {
      const appending = append(...args).finally(() => under_way.delete(appending));
      under_way.add(appending);
      return appending;
    },
    drained: async () => {
      await Promise.allSettled(under_way);
    },
  };
};

const inTime = <Result>(work: Promise<Result>, deadline_ms: number, onLate: () => Error): Promise<Result> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(onLate()), deadline_ms);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
};

/** At most: a message ends before the event that would overfill it, so two in a row hold more than one limit. */
const messagesOf = (bytes: number): number => 1 + Math.floor((2 * bytes) / MESSAGE_BYTES_MAX);

/** A server answers an idempotent append without a position when it has not indexed the event yet. */
const positionOfRetry = async (
  positionOf: AppenderOptions['positionOf'],
  stream: string,
  revision: number,
): Promise<bigint> => {
  try {
    return await positionOf(stream, revision);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new UnknownOutcome(`append to ${stream}: durable, but its position is not known: ${error.message}`);
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
