import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NEVER_WITNESSED, type WitnessedHead } from '#tlog/add-checkpoint.js';
import type { Checkpoint } from '#tlog/checkpoint.js';

/** The newest head of each log, and every submission that would have been another history of it. */
export interface Heads {
  headOf(origin: string): WitnessedHead;
  /** The cosigned checkpoint, by the SHA-256 of its origin in hex. */
  noteOf(originHash: string): string | undefined;
  /** Runs `step` so that what it reads and what it keeps are one durable step. */
  atomically<T>(step: () => T): T;
  keep(checkpoint: Checkpoint, originHash: string, note: string): void;
  keepConflict(time: string, body: string, why: string): void;
  conflicts(): number;
  close(): void;
}

/** Conflicts are evidence against a log; beyond this many, more of the same add nothing. */
const CONFLICTS_MAX = 1_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS heads (
  origin TEXT PRIMARY KEY, origin_hash TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS conflicts (n INTEGER PRIMARY KEY, time TEXT NOT NULL, why TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS heads_only_grow BEFORE UPDATE ON heads WHEN NEW.size < OLD.size
BEGIN SELECT raise(ABORT, 'a witnessed head never goes back'); END;
`;

/**
 * Durable once `atomically` returns (WAL, synchronous FULL). One process at a time.
 * @throws Error when another process has the folder open
 */
export const openHeads = (folder: string): Heads => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'witness.db');
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
  } catch (error) {
    db.close();
    throw new Error(`${file}: is another witness using this folder?`, { cause: error });
  }
  const head = db.prepare('SELECT size, root FROM heads WHERE origin = ?');
  const note = db.prepare('SELECT note FROM heads WHERE origin_hash = ?');
  const keep = db.prepare(
    `INSERT INTO heads VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note`,
  );
  const count = db.prepare('SELECT count(*) AS n FROM conflicts');
  const keepConflict = db.prepare('INSERT INTO conflicts (time, why, body) VALUES (?, ?, ?)');
  const conflicts = (): number => Number(count.get()?.['n']);
  return {
    headOf: (origin) => {
      const row = head.get(origin);
      return row === undefined
        ? NEVER_WITNESSED
        : { size: Number(row['size']), root: row['root'] as Uint8Array };
    },
    noteOf: (originHash) => note.get(originHash)?.['note'] as string | undefined,
    atomically: (step) => {
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = step();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    },
    keep: ({ origin, size, root }, originHash, text) => {
      keep.run(origin, originHash, size, root, text);
    },
    keepConflict: (time, body, why) => {
      if (conflicts() < CONFLICTS_MAX) keepConflict.run(time, why, body);
    },
    conflicts,
    close: () => db.close(),
  };
};
