import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventStore } from '#event-store/event-store.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';

/**
 * The embedded store of an instance that does not run.
 * @throws Error when there is none in the folder, another process has it open, or the file is damaged
 */
export const openStoppedStore = async (dataDir: string): Promise<EventStore> => {
  const file = join(dataDir, 'events.db');
  // Opening makes a store where there is none.
  await access(file);
  return openSqliteEventStore({ file });
};
