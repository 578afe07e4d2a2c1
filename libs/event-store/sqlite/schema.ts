import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** "Csgn": tells `file(1)` and us that a database is an event store of this project. */
const APPLICATION_ID = 0x4373676e;
const SCHEMA_VERSION = 1;

/**
 * The blobs come last: SQLite then reads type and stream of a row without touching the overflow pages of its
 * attachment. The triggers hold for every connection, also for a person with a SQL shell: nothing is changed,
 * removed or replaced (`INSERT OR REPLACE` fires no delete trigger by default, hence the check on insert),
 * positions only grow and revisions have no gaps.
 */
const SCHEMA = `
CREATE TABLE events (
  position   INTEGER PRIMARY KEY,
  stream     TEXT    NOT NULL,
  revision   INTEGER NOT NULL,
  type       TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  entry      BLOB    NOT NULL,
  attachment BLOB
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
CREATE INDEX events_by_type ON events (type, position);
CREATE TABLE openings (n INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL) STRICT;

CREATE TRIGGER events_append_only_insert BEFORE INSERT ON events
WHEN NEW.position <= (SELECT coalesce(max(position), 0) FROM events)
  OR NEW.revision <> (SELECT coalesce(max(revision), -1) + 1 FROM events WHERE stream = NEW.stream)
BEGIN SELECT raise(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_append_only_update BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_append_only_delete BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'events are append-only'); END;
CREATE TRIGGER openings_append_only_update BEFORE UPDATE ON openings
BEGIN SELECT raise(ABORT, 'openings are append-only'); END;
CREATE TRIGGER openings_append_only_delete BEFORE DELETE ON openings
BEGIN SELECT raise(ABORT, 'openings are append-only'); END;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

const WRITER_PRAGMAS = `
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA recursive_triggers = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA cache_size = -16384;
PRAGMA wal_autocheckpoint = 1000;
PRAGMA journal_size_limit = 67108864;
`;

/**
 * Opens the one connection that writes.
 * Ends with a commit of its own, for two reasons: `synchronous` is asserted after a real write (some builds of
 * SQLite lower it to NORMAL at the first write in WAL mode), and frames that an earlier failed commit may have
 * left behind in the WAL are overwritten, so they cannot come back to life after the next crash.
 * @throws Error when the file is damaged, of another program, of a later version, or not durable.
 */
export const openWriter = (file: string, options: { quick_check: boolean }): DatabaseSync => {
  createPrivately(file);
  const db = new DatabaseSync(file, { defensive: true, timeout: 2_000 });
  try {
    if (pragma(db, 'journal_mode = WAL') !== 'wal')
      throw new Error(`${file}: this file system cannot keep a write-ahead log`);
    db.exec(WRITER_PRAGMAS);
    createOrCheckSchema(db, file);
    if (options.quick_check) assertSound(db, file);
    db.prepare('INSERT INTO openings (time_ms) VALUES (?)').run(Date.now());
    assertDurable(db, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Opens a connection that can only read; in WAL mode it never makes the writer wait. */
export const openReader = (file: string): DatabaseSync => {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
  db.exec('PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192');
  return db;
};

/** Reads the position of the last event, 0 when there are no events. */
export const prepareHead = (db: DatabaseSync): (() => number) => {
  const statement = db.prepare('SELECT coalesce(max(position), 0) AS head FROM events');
  return () => Number(statement.get()?.['head']);
};

/**
 * What differs between the tables, indexes and triggers of this file and ours; undefined when nothing does. A store whose
 * triggers are gone can be changed without a trace by anybody with a SQL shell.
 */
export const schemaDifference = (db: DatabaseSync): string | undefined => {
  if (pragma(db, 'application_id') !== APPLICATION_ID) return 'this is not an event store';
  const version = pragma(db, 'user_version');
  if (version !== SCHEMA_VERSION) return `schema version ${version}, this program knows ${SCHEMA_VERSION}`;
  ours ??= ownSchema();
  const found = schemaOf(db);
  for (const [name, sql] of ours) if (found.get(name) !== sql) return `${name} is missing or changed`;
  for (const name of found.keys()) if (!ours.has(name)) return `${name} is not ours`;
  return undefined;
};

let ours: ReadonlyMap<string, string> | undefined;

const schemaOf = (db: DatabaseSync): ReadonlyMap<string, string> => {
  const rows = db.prepare('SELECT type, name, sql FROM sqlite_schema').all();
  return new Map(rows.map((row) => [`${row['type']} ${row['name']}`, String(row['sql'])]));
};

const ownSchema = (): ReadonlyMap<string, string> => {
  const db = new DatabaseSync(':memory:');
  try {
    db.exec(SCHEMA);
    return schemaOf(db);
  } finally {
    db.close();
  }
};

const createPrivately = (file: string): void => {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  // Without this a power cut could forget the name of a file whose content is safe.
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

const createOrCheckSchema = (db: DatabaseSync, file: string): void => {
  const version = pragma(db, 'user_version');
  const application = pragma(db, 'application_id');
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  if (tables === 0 && version === 0) {
    db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    return;
  }
  if (application !== APPLICATION_ID) throw new Error(`${file}: this is not an event store`);
  if (version !== SCHEMA_VERSION)
    throw new Error(`${file}: schema version ${version}, this program knows ${SCHEMA_VERSION}`);
};

const assertSound = (db: DatabaseSync, file: string): void => {
  const verdict = pragma(db, 'quick_check(1)');
  if (verdict !== 'ok') throw new Error(`${file}: the database is damaged: ${verdict}`);
};

const assertDurable = (db: DatabaseSync, file: string): void => {
  const synchronous = pragma(db, 'synchronous');
  const journal = pragma(db, 'journal_mode');
  if (synchronous !== 2 || journal !== 'wal')
    throw new Error(`${file}: commits are not durable (synchronous=${synchronous}, journal_mode=${journal})`);
};

export const pragma = (db: DatabaseSync, text: string): unknown =>
  Object.values(db.prepare(`PRAGMA ${text}`).get() ?? {})[0];
