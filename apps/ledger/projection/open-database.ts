import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { PROJECTION_SCHEMA, PROJECTION_VERSION } from './projection.schema.js';

/** Opens the read model's file; one that is damaged, or of another version, is thrown away: it comes back from the log. */
export const openDatabase = (file: string): DatabaseSync => openExisting(file) ?? createDatabase(file);

const openExisting = (file: string): DatabaseSync | undefined => {
  const db = connect(file);
  try {
    const row = db.prepare('SELECT version FROM progress').get();
    if (row?.['version'] === PROJECTION_VERSION) return tuned(db);
  } catch {
    // No file, no such table, or no database.
  }
  db.close();
  return undefined;
};

/** Throws away what the file holds and begins anew. */
export const createDatabase = (file: string): DatabaseSync => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  const db = tuned(connect(file));
  db.exec(PROJECTION_SCHEMA);
  db.prepare('INSERT INTO progress (only_row, version) VALUES (1, ?)').run(PROJECTION_VERSION);
  return db;
};

const connect = (file: string): DatabaseSync => new DatabaseSync(file);

/** Losing the last rows in a power cut is fine here: the position is lost with them, and both come back from the log. */
const tuned = (db: DatabaseSync): DatabaseSync => {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;');
  return db;
};

export const inTransaction = (db: DatabaseSync, write: () => void): void => {
  db.exec('BEGIN');
  try {
    write();
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
};
