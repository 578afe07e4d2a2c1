import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventStore, UnknownOutcome } from '#event-store/event-store.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import type { EventStoreFixture } from './event-store.fixture.js';
import { eventOf, newStream } from './event-store.samples.js';
import { orderFaults } from './sqlite-faults.js';

export interface TemporaryFolder {
  readonly file: string;
  remove(): void;
}

export const temporaryFolder = (): TemporaryFolder => {
  const folder = mkdtempSync(join(tmpdir(), 'event-store-'));
  return { file: join(folder, 'events.db'), remove: () => rmSync(folder, { recursive: true, force: true }) };
};

export const openFaulty = (file: string): Promise<EventStore> =>
  openSqliteEventStore({ file, writer_entry: new URL('./sqlite-faulty-writer.worker.js', import.meta.url) });

export const sqliteFixture = async (): Promise<EventStoreFixture> => {
  const { file, remove } = temporaryFolder();
  let store: EventStore | undefined;
  return {
    open: async () => {
      store = await openFaulty(file);
      return store;
    },
    failNextAppend: async (commit) => orderFaults(file, { commit }),
    // The store lives in this process; what can be restarted under it is its writer thread.
    restart: async () => {
      orderFaults(file, { commit: 'dies_before' });
      const outcome = await store?.append(newStream(), -1, [eventOf('WriterKilled')]).catch((error) => error);
      if (!(outcome instanceof UnknownOutcome)) throw new Error('the writer thread survived');
    },
    dispose: async () => remove(),
  };
};
