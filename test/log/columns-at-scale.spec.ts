import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../apps/demo-bank/random.js';
import { refusalOf } from '../../apps/ledger/log/log.fixture.js';
import { checkEvent } from '../../apps/ledger/storage/check-event.js';
import { checkSqliteStore } from '../../libs/event-store/sqlite/check-sqlite-store.js';
import { openSqliteEventStore } from '../../libs/event-store/sqlite/open-sqlite-event-store.js';

/**
 * A leaf of the log is the entry, which says its stream, revision, type and id itself. The columns beside it are what the
 * store finds it by: a change of them leaves the tree as it is, and `countersign store check` finds it.
 */
const POSITIONS = 250;
const ENTRIES = 60;

let folder: string;
let file: string;
let db: DatabaseSync;
let triggers: readonly { readonly name: string; readonly sql: string }[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-columns-'));
  file = join(folder, 'events.db');
  const store = await openSqliteEventStore({ file });
  for (let nth = 0; nth < ENTRIES; nth++) {
    const { stream, events } = refusalOf();
    await store.append(stream, -1, events);
  }
  await store.close();
  db = new DatabaseSync(file);
  db.exec('PRAGMA synchronous = OFF');
  const rows = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  triggers = rows.map(({ name, sql }) => ({ name: String(name), sql: String(sql) }));
});
afterAll(async () => {
  db.close();
  await rm(folder, { recursive: true });
});

/** As somebody does who takes the triggers away and puts them back, so that they tell nothing. */
const change = (column: string, position: number, value: string | number): void => {
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.prepare(`UPDATE events SET ${column} = ? WHERE position = ?`).run(value, position);
  for (const { sql } of triggers) db.exec(sql);
};

const check = () => checkSqliteStore({ file, checkEvent });

describe('the check of the store', () => {
  it('finds nothing in a store that nobody has touched', () => {
    expect(check()).toEqual({ events: ENTRIES, lastPosition: ENTRIES });
  });

  it.each([
    ['stream', () => `refusal-${randomUUID()}`],
    ['revision', () => 7],
    ['type', () => 'CallRequested'],
    ['id', randomUUID],
  ])(`finds another %s beside an entry at ${POSITIONS} of ${POSITIONS} random positions`, (column, other) => {
    const random = createRandom(column);
    for (let nth = 0; nth < POSITIONS; nth++) {
      const position = random.integer(1, ENTRIES);
      const before = db.prepare(`SELECT ${column} AS was FROM events WHERE position = ?`).get(position);
      change(column, position, other());
      expect(check().problem?.position).toBe(position);
      change(column, position, before?.['was'] as string | number);
    }
    expect(check().problem).toBeUndefined();
  });
});
