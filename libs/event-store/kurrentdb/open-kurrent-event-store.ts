import { assertAppendable } from '../append-limits.js';
import { type EventStore, StoreUnavailable } from '../event-store.js';
import { assertReadLimit, distinctTypes } from '../read-limits.js';
import { createAppender } from './appender.js';
import { watchInterferences } from './interferences.js';
import { createReads } from './reads.js';
import { createRenewableClient } from './renewable-client.js';
import { follow } from './subscription.js';

export interface KurrentEventStoreOptions {
  /** `kurrentdb://`, `kurrentdb+discover://` or `esdb://` connection string, credentials and TLS settings included. */
  readonly url: string;
  /** Instead of credentials in the connection string, where some characters of a password cannot stand. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** After this an append has an unknown outcome. Default 2,000. */
  readonly append_deadline_ms?: number;
  /** Default 5,000. */
  readonly read_deadline_ms?: number;
}

/**
 * The event store on KurrentDB, or on EventStoreDB from 20.x (`onCaughtUp` needs 23.10). Needs on the server: an
 * append size limit (`MaxAppendSize`) that fits attachments, and a user who may read $all.
 * Opening needs no connection: the first call makes it, and calls fail with StoreUnavailable while there is none.
 */
export const openKurrentEventStore = async ({
  url,
  credentials,
  append_deadline_ms = 2_000,
  read_deadline_ms = 5_000,
}: KurrentEventStoreOptions): Promise<EventStore> => {
  // Loaded here and not above: the embedded store must not need the client nor its native part.
  const { KurrentDBClient } = await import('@kurrent/kurrentdb-client');
  // One client for each kind of use: late appends are cancelled by cancelling all calls of their client, and
  // the client of the reads is replaced when it fails; subscriptions must survive both.
  const connect = () => {
    const client = KurrentDBClient.connectionString(url);
    if (credentials) client.setCredentialsProvider(async () => credentials);
    return client;
  };
  const writing = connect();
  const following = connect();
  const reading = createRenewableClient(connect);
  const reads = createReads(reading, read_deadline_ms);
  const { positionOf } = reads;
  const appender = createAppender({ client: writing, deadline_ms: append_deadline_ms, positionOf });
  const closing = new AbortController();
  const assertOpen = (): void => {
    if (closing.signal.aborted) throw new StoreUnavailable('the event store is closed');
  };
  return {
    append: async (stream, expected, events) => {
      assertOpen();
      const bytes = assertAppendable(stream, expected, events);
      return appender.append(stream, expected, events, bytes);
    },
    readStream: async (stream, { backwards = false, limit } = {}) => {
      assertOpen();
      assertReadLimit(limit);
      return reads.readStream(stream, { backwards, ...(limit !== undefined && { limit }) });
    },
    readAll: async (options) => {
      assertOpen();
      assertReadLimit(options.limit);
      return reads.readAll({ ...options, ...(options.types && { types: distinctTypes(options.types) }) });
    },
    subscribe: async function* (options) {
      const signal = AbortSignal.any([options.signal, closing.signal]);
      yield* follow(following, { ...options, signal });
      if (!options.signal.aborted) throw new StoreUnavailable('the event store was closed');
    },
    watchInterferences: (signal, tell) =>
      watchInterferences(following, AbortSignal.any([signal, closing.signal]), tell),
    ping: async () => {
      assertOpen();
      await reads.head();
    },
    close: async () => {
      closing.abort();
      await appender.drained();
      await Promise.all([writing.dispose(), following.dispose(), reading.dispose()]);
    },
  };
};
