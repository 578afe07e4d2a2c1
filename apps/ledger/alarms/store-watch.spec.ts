import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '#config/config.schema.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { type History, openHistory } from '../history.fixture.js';
import { Ledger } from '../ledger.js';
import { eventsFile } from '../open-event-store.js';
import { Alarms } from './alarms.js';
import { readLastSeen } from './last-seen.js';
import { StoreWatch } from './store-watch.js';

const logger = pino({ level: 'silent' });
let history: History;
let ledger: Ledger;
let watch: StoreWatch | undefined;

beforeEach(async () => {
  history = await openHistory();
  ledger = new Ledger(history.store);
  for (const id of ['a', 'b'])
    await ledger.append(history.append(`list-${id}`, -1, { type: 'CallCompleted' }));
});
afterEach(async () => {
  vi.useRealTimers();
  await watch?.onApplicationShutdown();
  await history.close();
});

const start = (over = ledger): StoreWatch => {
  watch = new StoreWatch(over, new Alarms(over, logger), { data_dir: history.folder } as Config, logger);
  watch.onApplicationBootstrap();
  return watch;
};
const raised = async () => {
  const { events } = await history.store.readAll({ limit: 100, types: ['AlarmRaised'] });
  return events.map((event) => readEntry(event.entry).data);
};
const sql = (text: string): void => {
  const db = new DatabaseSync(eventsFile(history.folder), { defensive: false });
  db.exec(text);
  db.close();
};
const lastEvent = join('last-event.json');

describe('the watch over the event store', () => {
  it('raises nothing over a store that only the ledger writes to, and keeps the last event', async () => {
    start();
    await vi.waitFor(
      async () =>
        expect(await readLastSeen(join(history.folder, lastEvent))).toMatchObject({
          stream: 'list-b',
          revision: 0,
        }),
      30_000,
    );
    await watch?.onApplicationShutdown();
    start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await raised()).toEqual([]);
  });

  it('raises an alarm when the triggers that forbid changes are gone', async () => {
    sql('DROP TRIGGER events_append_only_delete');
    start();
    await vi.waitFor(
      async () =>
        expect(await raised()).toMatchObject([
          { kind: 'store_damaged', detail: expect.stringMatching(/events_append_only_delete is missing/) },
        ]),
      30_000,
    );
  });

  it('raises an alarm when the end that was there at the last run is gone', async () => {
    await start().onApplicationShutdown();
    await vi.waitFor(
      async () => expect(await readLastSeen(join(history.folder, lastEvent))).toBeDefined(),
      30_000,
    );
    const trigger = 'events_append_only_delete';
    sql(
      `DROP TRIGGER ${trigger}; DELETE FROM events WHERE stream = 'list-b';` +
        `CREATE TRIGGER ${trigger} BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'events are append-only'); END`,
    );
    start(new Ledger(history.store));
    await vi.waitFor(
      async () =>
        expect(await raised()).toMatchObject([
          { kind: 'store_truncated', about: { stream: 'list-b', revision: 0 } },
        ]),
      30_000,
    );
  });

  it('takes a file of another kind for none', async () => {
    await writeFile(join(history.folder, lastEvent), '{"stream":7}');
    start();
    await vi.waitFor(
      async () => expect(await readLastSeen(join(history.folder, lastEvent))).toBeDefined(),
      30_000,
    );
    expect(await raised()).toEqual([]);
  });
});
