import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AllStreamSubscription,
  Filter,
  KurrentDBClient,
  Position,
  ResolvedEvent,
} from '@kurrent/kurrentdb-client';
import type { StoredEvent, SubscribeOptions } from '../event-store.js';
import { isAboutTheRead, isOfConnection, readError } from './append-error.js';
import { eventFilter } from './event-filter.js';
import { fromKurrent } from './kurrent-event.js';

const RECONNECT_DELAY_MIN_MS = 100;
const RECONNECT_DELAY_MAX_MS = 5_000;

/** Which records are wanted, and what one of them is to the consumer; undefined for none. */
export interface Wanted<Item> {
  readonly filter: Filter;
  readonly read: (resolved: ResolvedEvent) => Item | undefined;
}

type FollowOptions = Pick<SubscribeOptions, 'after' | 'signal' | 'onCaughtUp'>;

/** The events of users. */
export const follow = (
  client: KurrentDBClient,
  options: SubscribeOptions,
): AsyncGenerator<StoredEvent, void> =>
  followRecords(client, options, { filter: eventFilter(options.types), read: fromKurrent });

/** How far the consumer is: what a new connection goes on from. */
interface Progress {
  at: bigint | undefined;
  /** The consumer has everything that came and waits for more. */
  isIdle: () => boolean;
  caught_up: boolean;
}

/**
 * A catch-up subscription to $all that survives its connections: each begins after the last event that was
 * consumed, so nothing is missed and nothing comes twice. Ends only when `signal` aborts.
 */
export async function* followRecords<Item extends { readonly position: bigint }>(
  client: KurrentDBClient,
  options: FollowOptions,
  wanted: Wanted<Item>,
): AsyncGenerator<Item, void> {
  const { signal } = options;
  const progress: Progress = { at: options.after, isIdle: () => false, caught_up: false };
  let delay_ms = RECONNECT_DELAY_MIN_MS;
  while (!signal.aborted) {
    try {
      for await (const event of followOnce(client, options, wanted, progress)) {
        delay_ms = RECONNECT_DELAY_MIN_MS;
        if (signal.aborted) return;
        yield event;
      }
    } catch (error) {
      if (isAboutTheRead(error) || !isOfConnection(error)) throw readError(error);
      // The next connection begins where the consumer is.
    }
    if (signal.aborted) return;
    await sleep(delay_ms, undefined, { signal }).catch(() => undefined);
    delay_ms = Math.min(2 * delay_ms, RECONNECT_DELAY_MAX_MS);
  }
}

async function* followOnce<Item extends { readonly position: bigint }>(
  client: KurrentDBClient,
  { signal, onCaughtUp }: FollowOptions,
  { filter, read }: Wanted<Item>,
  progress: Progress,
): AsyncGenerator<Item, void> {
  const subscription = subscribeFrom(client, filter, progress);
  let is_waiting = false;
  const tellWhenIdle = (): void => {
    if (!progress.caught_up || !progress.isIdle()) return;
    progress.caught_up = false;
    onCaughtUp?.();
  };
  progress.caught_up = false;
  progress.isIdle = () => is_waiting && subscription.readableLength === 0;
  subscription.on('caughtUp', () => {
    progress.caught_up = true;
    tellWhenIdle();
  });
  // The iterator below reports errors; without a listener one that comes later would end the process.
  subscription.on('error', () => undefined);
  const stop = (): void => void subscription.destroy();
  signal.addEventListener('abort', stop);
  try {
    const resolved = subscription[Symbol.asyncIterator]();
    for (;;) {
      is_waiting = true;
      tellWhenIdle();
      const next = await resolved.next();
      is_waiting = false;
      if (next.done) return;
      const event = read(next.value);
      if (!event) continue;
      // Set before the consumer has it: if it stops here it does not come back to this generator.
      progress.at = event.position;
      yield event;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // Destroying the readable side alone would leave the call to the server open.
    await subscription.unsubscribe().catch(() => undefined);
    subscription.destroy();
  }
}

const subscribeFrom = (client: KurrentDBClient, filter: Filter, progress: Progress): AllStreamSubscription =>
  client.subscribeToAll({
    fromPosition: progress.at === undefined ? 'start' : { commit: progress.at, prepare: progress.at },
    filter: {
      ...filter,
      checkpointReached: (_: AllStreamSubscription, { commit }: Position) => {
        // Not past events that came before the checkpoint and are still waiting for the consumer.
        if (progress.isIdle()) progress.at = commit;
      },
    },
  });
