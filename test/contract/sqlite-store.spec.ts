import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventStore, UnknownOutcome } from '#event-store/event-store.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { openWriter } from '#event-store/sqlite/schema.js';
import { eventOf, eventsOf, ids, newStream, newType, untilAnswered } from './event-store.samples.js';
import { openFaulty, type TemporaryFolder, temporaryFolder } from './sqlite.fixture.js';
import { orderFaults } from './sqlite-faults.js';

let folder: TemporaryFolder | undefined;
let store: EventStore | undefined;

const file = (): string => folder?.file ?? '';

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  await store?.close();
  store = undefined;
  folder?.remove();
});

const open = async (): Promise<EventStore> => {
  store = await openFaulty(file());
  return store;
};

const synchronousOf = (db: DatabaseSync): unknown => db.prepare('PRAGMA synchronous').get()?.['synchronous'];

describe('durability settings', () => {
  it('keep synchronous=FULL after writes and after a reopening', () => {
    for (let opening = 0; opening < 3; opening++) {
      const db = openWriter(file(), { quick_check: true });
      expect(synchronousOf(db)).toBe(2);
      db.prepare("INSERT INTO events VALUES (?, 's', ?, 't', 'i', x'00', NULL)").run(opening + 1, opening);
      expect(synchronousOf(db)).toBe(2);
      expect(db.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
      db.close();
    }
  });
});

describe('the database itself', () => {
  const changes: [string, string][] = [
    ['an update', "UPDATE events SET entry = x'00'"],
    ['a deletion', 'DELETE FROM events'],
    ['a replacement', "INSERT OR REPLACE INTO events VALUES (1, 'other', 0, 't', 'i', x'00', NULL)"],
    [
      'a replacement by revision',
      "INSERT OR REPLACE INTO events SELECT 999, stream, 0, 't', 'i', x'00', NULL FROM events",
    ],
    ['a gap in the revisions', "INSERT INTO events VALUES (999, 'other', 5, 't', 'i', x'00', NULL)"],
    ['a position before the last', "INSERT INTO events VALUES (0, 'other', 0, 't', 'i', x'00', NULL)"],
  ];
  it.each(changes)('refuses %s, also from a SQL shell', async (_, sql) => {
    await (await open()).append(newStream(), -1, eventsOf(newType(), 2));
    const shell = new DatabaseSync(file(), { timeout: 1_000 });
    const before = shell.prepare('SELECT * FROM events').all();
    expect(() => shell.exec(sql)).toThrow(/append-only/);
    expect(shell.prepare('SELECT * FROM events').all()).toEqual(before);
    shell.close();
  });
});

describe('opening', () => {
  it('refuses a second store in the same process', async () => {
    await open();
    await expect(openSqliteEventStore({ file: file() })).rejects.toThrow(/another process is writing/);
  });

  it('refuses a damaged file', async () => {
    await (await open()).append(newStream(), -1, eventsOf(newType(), 200));
    await store?.close();
    const bytes = readFileSync(file());
    bytes.fill(0xff, 4_096, 12_288);
    writeFileSync(file(), bytes);
    await expect(openSqliteEventStore({ file: file() })).rejects.toThrow(/damaged|malformed/);
  });

  it('refuses a database of another program, and one of a later version', async () => {
    const db = new DatabaseSync(file());
    db.exec('CREATE TABLE theirs (x)');
    await expect(openSqliteEventStore({ file: file() })).rejects.toThrow(/not an event store/);
    db.exec('DROP TABLE theirs');
    await (await open()).close();
    db.exec('PRAGMA user_version = 2');
    db.close();
    await expect(openSqliteEventStore({ file: file() })).rejects.toThrow(/schema version 2/);
  });

  it('releases the lock when it fails', async () => {
    writeFileSync(file(), 'no database at all, but long enough to be looked at as one'.repeat(20));
    await expect(openSqliteEventStore({ file: file() })).rejects.toThrow(/not a database/);
    writeFileSync(file(), '');
    await expect(open()).resolves.toBeDefined();
  });
});

describe('a full disk', () => {
  it('fails appends with StoreFull, keeps nothing of them and recovers by itself', async () => {
    const store = await open();
    const large = (): ReturnType<typeof eventOf> => ({
      ...eventOf(newType()),
      attachment: Buffer.alloc(200_000),
    });
    await store.append(newStream(), -1, [large()]);
    orderFaults(file(), { pages_max: 1 });
    const refused = newStream();
    await expect(store.append(refused, -1, [large()])).rejects.toMatchObject({ name: 'StoreFull' });
    await expect(store.append(refused, -1, [large()])).rejects.toMatchObject({ name: 'StoreFull' });
    expect(await store.readStream(refused)).toEqual([]);
    orderFaults(file(), { pages_max: 0 });
    expect(await store.append(refused, -1, [large()])).toMatchObject({ revision: 0 });
    expect(await store.readStream(refused)).toHaveLength(1);
  });
});

describe('the death of the writer thread', () => {
  it.each([
    ['before', 0],
    ['after', 2],
  ] as const)(
    '%s the commit leaves an unknown outcome, and the store goes on by itself',
    async (when, kept) => {
      const store = await open();
      const stream = newStream();
      const batch = eventsOf(newType(), 2);
      orderFaults(file(), { commit: `dies_${when}` });
      await expect(store.append(stream, -1, batch)).rejects.toBeInstanceOf(UnknownOutcome);
      expect(await store.readStream(stream)).toHaveLength(kept);
      await untilAnswered(() => store.append(stream, -1, batch));
      await untilAnswered(() => store.ping());
      expect(ids(await store.readStream(stream))).toEqual(ids(batch));
    },
  );

  it('settles every append that was waiting, each as what is known of it', async () => {
    const store = await open();
    orderFaults(file(), { commit: 'dies_after' });
    const batches = Array.from({ length: 300 }, () => ({
      stream: newStream(),
      batch: eventsOf(newType(), 1),
    }));
    const outcomes = await Promise.all(
      batches.map(async ({ stream, batch }, n) => {
        // Over several turns of the event loop, so that some are handed over and some are not.
        for (let turn = 0; turn < n % 5; turn++) await new Promise((resolve) => setImmediate(resolve));
        return store.append(stream, -1, batch).then(
          () => 'stored',
          (error: Error) => error.name,
        );
      }),
    );
    expect(outcomes).toContain('UnknownOutcome');
    for (const [n, { stream, batch }] of batches.entries()) {
      const found = ids(await store.readStream(stream));
      if (outcomes[n] === 'stored') expect(found).toEqual(ids(batch));
      if (outcomes[n] === 'StoreUnavailable') expect(found).toEqual([]);
      await untilAnswered(() => store.append(stream, -1, batch));
      expect(ids(await store.readStream(stream))).toEqual(ids(batch));
    }
  });
});
