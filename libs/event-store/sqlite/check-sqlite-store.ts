import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { StoredEvent } from '../event-store.js';
import { openReader, pragma, schemaDifference } from './schema.js';

export interface StoreCheckProgress {
  /** Events checked so far. */
  readonly events: number;
  /** Events of the store when the check began. */
  readonly total: number;
}

export interface StoreCheckOptions {
  readonly file: string;
  /** What is wrong with an event in itself, undefined if nothing is. */
  readonly checkEvent: (event: StoredEvent) => string | undefined;
  readonly onProgress?: (progress: StoreCheckProgress) => void;
}

export interface StoreCheck {
  readonly events: number;
  /** Position of the last event; 0 for an empty store. */
  readonly lastPosition: number;
  /** The first finding in store order, after which nothing was looked at. */
  readonly problem?: { readonly position?: number; readonly detail: string };
}

const PROGRESS_EVERY_EVENTS = 10_000;

/**
 * Reads the whole store once, beside a writer if there is one, and stops at the first thing that is not as the writer
 * leaves it: the file (PRAGMA integrity_check), its schema and triggers, positions without gaps, revisions of each stream
 * without gaps and in the order of the positions, and each event in itself. Memory does not grow with the store.
 * It cannot see events cut off at the end: that takes a checkpoint or a backup to compare with.
 * @throws Error when the file is missing or cannot be opened
 */
export const checkSqliteStore = (options: StoreCheckOptions): StoreCheck => {
  const { file } = options;
  if (!existsSync(file)) throw new Error(`${file}: there is no event store here`);
  const db = openReader(file);
  try {
    const detail = damageOf(db);
    if (detail !== undefined) return { events: 0, lastPosition: 0, problem: { detail } };
    // One snapshot: what a running writer adds meanwhile is not looked at.
    db.exec('BEGIN');
    return checkEvents(db, options);
  } finally {
    db.close();
  }
};

const damageOf = (db: DatabaseSync): string | undefined => {
  try {
    const verdict = pragma(db, 'integrity_check(1)');
    return verdict === 'ok' ? schemaDifference(db) : `the database is damaged: ${verdict}`;
  } catch (error) {
    return `the database is damaged: ${(error as Error).message}`;
  }
};

const checkEvents = (db: DatabaseSync, { checkEvent, onProgress }: StoreCheckOptions): StoreCheck => {
  const total = Number(db.prepare('SELECT count(*) AS n FROM events').get()?.['n']);
  const rows = db.prepare('SELECT * FROM events ORDER BY position').iterate();
  const before = db.prepare('SELECT position FROM events WHERE stream = ? AND revision = ?');
  const positionBefore = (stream: string, revision: number): number | undefined => {
    const row = before.get(stream, revision - 1);
    return row === undefined ? undefined : Number(row['position']);
  };
  let events = 0;
  let lastPosition = 0;
  for (const row of rows) {
    const event = eventOf(row);
    const position = Number(event.position);
    const detail = orderProblem(event, lastPosition, positionBefore) ?? checkEvent(event);
    if (detail !== undefined) return { events, lastPosition, problem: { position, detail } };
    lastPosition = position;
    if (++events % PROGRESS_EVERY_EVENTS === 0) onProgress?.({ events, total });
  }
  onProgress?.({ events, total });
  return { events, lastPosition };
};

const orderProblem = (
  { position, stream, revision }: StoredEvent,
  lastPosition: number,
  positionBefore: (stream: string, revision: number) => number | undefined,
): string | undefined => {
  if (Number(position) !== lastPosition + 1) return `positions ${lastPosition + 1} to ${position} have a gap`;
  if (revision < 0) return `stream ${stream}: revision ${revision}`;
  if (revision === 0) return undefined;
  const before = positionBefore(stream, revision);
  if (before === undefined) return `stream ${stream}: revision ${revision - 1} is missing`;
  return before < Number(position)
    ? undefined
    : `stream ${stream}: revision ${revision - 1} comes after revision ${revision}`;
};

const eventOf = (row: Record<string, unknown>): StoredEvent => ({
  position: BigInt(Number(row['position'])),
  stream: String(row['stream']),
  revision: Number(row['revision']),
  type: String(row['type']),
  id: String(row['id']),
  entry: row['entry'] as Uint8Array,
  ...(row['attachment'] === null ? {} : { attachment: row['attachment'] as Uint8Array }),
});
