import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LogScene, openScene } from './log.fixture.js';
import type { MerkleLog } from './merkle-log.js';

/** Entries of the scene before any checkpoint: index `n` lies at position `n + 1`. */
const ENTRIES = 600;

const withoutTriggers = (file: string, change: (db: DatabaseSync) => void): void => {
  const db = new DatabaseSync(file);
  const triggers = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${String(name)}`);
  change(db);
  db.close();
};

const entryAt = (db: DatabaseSync, position: number): Buffer =>
  Buffer.from(
    db.prepare('SELECT entry FROM events WHERE position = ?').get(position)?.['entry'] as Uint8Array,
  );

const setEntry = (db: DatabaseSync, position: number, entry: Uint8Array): void => {
  db.prepare('UPDATE events SET entry = ? WHERE position = ?').run(entry, position);
};

/** What a person with the file and a SQL shell can do, and the first entry that is not what it was. */
const TAMPERINGS: readonly (readonly [string, number, (db: DatabaseSync) => void])[] = [
  [
    'a flipped bit',
    123,
    (db) => {
      const entry = entryAt(db, 124);
      entry[entry.length - 2] = (entry[entry.length - 2] as number) ^ 1;
      setEntry(db, 124, entry);
    },
  ],
  ['a deleted entry', 0, (db) => db.exec('DELETE FROM events WHERE position = 1')],
  ['a deleted entry in the middle', 299, (db) => db.exec('DELETE FROM events WHERE position = 300')],
  [
    'two entries in another order',
    255,
    (db) => {
      const [one, other] = [entryAt(db, 256), entryAt(db, 257)];
      setEntry(db, 256, other);
      setEntry(db, 257, one);
    },
  ],
  [
    'an inserted entry',
    400,
    (db) => {
      db.exec('UPDATE events SET position = -position WHERE position > 400');
      db.exec('UPDATE events SET position = 1 - position WHERE position < 0');
      db.exec(
        "INSERT INTO events SELECT 401, 'refusal-of-a-stranger', 0, type, 'x', entry, NULL FROM events WHERE position = 1",
      );
    },
  ],
  ['a cut tail', 590, (db) => db.exec('DELETE FROM events WHERE position > 590')],
  [
    'an entry of another day',
    42,
    (db) => setEntry(db, 43, Buffer.from(entryAt(db, 43).toString().replace('2026-11-22', '2025-11-22'))),
  ],
  ['another last entry', 599, (db) => setEntry(db, 600, entryAt(db, 1))],
];

let scene: LogScene;
beforeEach(async () => {
  scene = await openScene();
  await scene.record(ENTRIES);
});
afterEach(() => scene.close());

const isCovered = (log: MerkleLog) =>
  vi.waitFor(() => expect(log.checkpoints.latest?.size).toBeGreaterThanOrEqual(ENTRIES), 30_000);

const isBroken = async (log: MerkleLog) => {
  await vi.waitFor(() => expect(log.phase).toBe('broken'), 30_000);
  return log.finding;
};

describe.each(TAMPERINGS)('%s in the file of the store', (_what, index, tamper) => {
  it('is found by the self-check while the log runs', async () => {
    const log = scene.open();
    await isCovered(log);
    withoutTriggers(scene.file, tamper);
    expect(await isBroken(log)).toMatchObject({ index });
    expect(scene.alarms).toMatchObject([{ about: { index } }]);
    expect(scene.alarms[0]?.kind).toMatch(/^log_(entry_differs|entries_missing)$/);
  });

  it('is found after a restart, and no checkpoint is signed any more', async () => {
    await isCovered(scene.open());
    await scene.closeStore();
    withoutTriggers(scene.file, tamper);
    await scene.openStore();
    const log = scene.open();
    expect(await isBroken(log)).toMatchObject({ index });
    await scene.record(5);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(log.checkpoints.latest?.size ?? 0).toBeLessThanOrEqual(ENTRIES + 1);
    expect(scene.alarms).toMatchObject([{ about: { index } }]);
  });
});

describe('the tiles', () => {
  it('that got other bytes are found by the self-check', async () => {
    const log = scene.open();
    await isCovered(log);
    await writeFile(join(scene.folder, 'log', 'tile', '0', '001'), Buffer.alloc(8_192, 7));
    expect(await isBroken(log)).toMatchObject({ kind: 'log_tile_differs', index: 256 });
  });

  it('that are damaged at a start are set aside and built again from the store, with an alarm', async () => {
    await isCovered(scene.open());
    await scene.closeStore();
    await writeFile(join(scene.folder, 'log', 'tile', '0', '002.p', '88'), Buffer.alloc(88 * 32, 7));
    await scene.openStore();
    const log = scene.open();
    await isCovered(log);
    expect(log.phase).toBe('running');
    expect(scene.alarms).toMatchObject([{ kind: 'log_tile_differs', about: { index: 512 } }]);
  });

  it('may be deleted as a whole: they come back from the store', async () => {
    await isCovered(scene.open());
    await scene.closeStore();
    await rm(join(scene.folder, 'log'), { recursive: true });
    await scene.openStore();
    await isCovered(scene.open());
    expect(scene.alarms).toEqual([]);
  });

  it('that were deleted with a changed store leave the recorded checkpoints, which say where the range begins', async () => {
    await isCovered(scene.open());
    await scene.closeStore();
    await rm(join(scene.folder, 'log'), { recursive: true });
    withoutTriggers(scene.file, (db) => setEntry(db, 43, entryAt(db, 44)));
    await scene.openStore();
    expect(await isBroken(scene.open())).toMatchObject({ kind: 'log_checkpoint_differs', index: 0 });
  });
});
