import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';
import type { EventToAppend } from '../event-store.js';
import type { ReadAllQuery, ReadAnswer, ReadMessage, ReadPage, ReadStreamQuery } from './messages.js';
import { packEvents } from './packed-events.js';
import { openReader, prepareHead } from './schema.js';
import { failureBeforeCommit } from './sqlite-errors.js';

/** A page of `readAll` ends early once it holds this much, so that large attachments cannot fill the memory. */
const PAGE_BYTES_MAX = 16 * 1024 * 1024;
const ENTRY_COLUMNS = 'position, stream, revision, type, id, entry';
const COLUMNS = `${ENTRY_COLUMNS}, attachment`;

/** The reader thread: one query at a time on a connection of its own, each in one snapshot. */
export const runReader = (port: MessagePort, file: string): void => {
  const db = openReader(file);
  const read = prepareReads(db);
  const say = (answer: ReadAnswer, transfer: ArrayBuffer[] = []): void => port.postMessage(answer, transfer);
  port.on('message', (message: ReadMessage) => {
    if (message.kind === 'close') {
      db.close();
      port.close();
      return;
    }
    const { seq, query } = message;
    try {
      const page = query.kind === 'stream' ? read.stream(query) : read.all(query);
      say({ kind: 'page', seq, page }, [page.packed.bytes.buffer]);
    } catch (error) {
      say({ kind: 'page', seq, failure: failureBeforeCommit(error) });
    }
  });
  say({ kind: 'ready' });
};

interface Reads {
  stream(query: ReadStreamQuery): ReadPage;
  all(query: ReadAllQuery): ReadPage;
}

const prepareReads = (db: DatabaseSync): Reads => {
  const readHead = prepareHead(db);
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  return {
    stream: ({ stream, backwards, limit }) => {
      const order = backwards ? 'DESC' : 'ASC';
      const sql = `SELECT ${COLUMNS} FROM events WHERE stream = ? ORDER BY revision ${order} LIMIT ?`;
      return takePage(prepared(sql), [stream, limit], { limit, bytes_max: Number.POSITIVE_INFINITY }).page(0);
    },
    all: (query) => inSnapshot(db, () => readAll(readHead(), prepared, query)),
  };
};

const readAll = (
  head: number,
  prepared: (sql: string) => StatementSync,
  { after, limit, types, attachments }: ReadAllQuery,
): ReadPage => {
  const columns = attachments ? COLUMNS : ENTRY_COLUMNS;
  const taken =
    types === undefined
      ? takePage(
          prepared(`SELECT ${columns} FROM events WHERE position > ? ORDER BY position LIMIT ?`),
          [after, limit],
          { limit, bytes_max: PAGE_BYTES_MAX },
        )
      : takePage(
          prepared(selectTypes(types.length, columns)),
          [...types.flatMap((type): SQLInputValue[] => [type, after]), limit],
          { limit, bytes_max: PAGE_BYTES_MAX },
        );
  return taken.page(taken.complete ? Math.max(head, after) : taken.last_position);
};

/**
 * One walk of the index for each type, merged by position as far as the limit asks: the cost follows the number
 * of events returned, not the distance between them nor the size of the log.
 */
const selectTypes = (count: number, columns: string): string => {
  const one = `SELECT ${columns} FROM events WHERE type = ? AND position > ?`;
  if (count === 0) return `SELECT ${columns} FROM events WHERE false LIMIT ?`;
  return `${Array.from({ length: count }, () => one).join(' UNION ALL ')} ORDER BY position LIMIT ?`;
};

interface TakenPage {
  /** False when the limit or the byte limit ended the page. */
  readonly complete: boolean;
  readonly last_position: number;
  page(scanned_to: number): ReadPage;
}

const takePage = (
  statement: StatementSync,
  parameters: SQLInputValue[],
  { limit, bytes_max }: { limit: number; bytes_max: number },
): TakenPage => {
  const events: EventToAppend[] = [];
  const streams: string[] = [];
  const revisions: number[] = [];
  const positions: number[] = [];
  let bytes = 0;
  let complete = true;
  for (const row of statement.iterate(...parameters)) {
    const event = eventOf(row);
    events.push(event);
    streams.push(String(row['stream']));
    revisions.push(Number(row['revision']));
    positions.push(Number(row['position']));
    bytes += event.entry.byteLength + (event.attachment?.byteLength ?? 0);
    complete = events.length < limit && bytes < bytes_max;
    if (!complete) break;
  }
  return {
    complete,
    last_position: positions.at(-1) ?? 0,
    page: (scanned_to) => ({
      streams,
      revisions,
      positions,
      packed: packEvents([events], bytes),
      scanned_to,
    }),
  };
};

const eventOf = (row: Record<string, SQLOutputValue>): EventToAppend => {
  const { id, type, entry, attachment } = row;
  if (!(entry instanceof Uint8Array)) throw new Error(`event ${String(id)} has no entry`);
  const event = { id: String(id), type: String(type), entry };
  return attachment instanceof Uint8Array ? { ...event, attachment } : event;
};

const inSnapshot = <Result>(db: DatabaseSync, read: () => Result): Result => {
  db.exec('BEGIN');
  try {
    return read();
  } finally {
    db.exec('COMMIT');
  }
};
