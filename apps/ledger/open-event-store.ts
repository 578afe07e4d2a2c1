import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '#config/config.schema.js';
import { readSecret } from '#config/load-config.js';
import type { EventStore } from '#event-store/event-store.js';

/** Where the embedded store of a data folder is. */
export const eventsFile = (data: string): string => join(data, 'events.db');

/** The embedded store unless a KurrentDB or EventStoreDB address is configured. Loads only the adapter it needs. */
export const openEventStore = async ({ event_store, data_dir }: Config): Promise<EventStore> => {
  await mkdir(data_dir, { recursive: true, mode: 0o700 });
  if (event_store.url !== undefined) {
    const { openKurrentEventStore } = await import('#event-store/kurrentdb/open-kurrent-event-store.js');
    const { url, user, password } = event_store;
    if (user === undefined || password === undefined) return openKurrentEventStore({ url });
    return openKurrentEventStore({ url, credentials: { username: user, password: readSecret(password) } });
  }
  const { openSqliteEventStore } = await import('#event-store/sqlite/open-sqlite-event-store.js');
  return openSqliteEventStore({ file: eventsFile(data_dir) });
};
