import type { DatabaseSync } from 'node:sqlite';
import type { EventToAppend } from '../event-store.js';
import type { AppendedAnswer, AppendMessage, Failure } from './messages.js';
import { unpackEvents } from './packed-events.js';
import { prepareHead } from './schema.js';
import { failureBeforeCommit, failureOfCommit } from './sqlite-errors.js';

/** How a transaction begins and commits; tests put faults here, at the one place where an outcome can be unknown. */
export interface TransactionSteps {
  begin(db: DatabaseSync): void;
  commit(db: DatabaseSync): void;
}

export const plainSteps: TransactionSteps = {
  begin: (db) => db.exec('BEGIN IMMEDIATE'),
  commit: (db) => db.exec('COMMIT'),
};

export type AppendTransaction = (messages: readonly AppendMessage[]) => AppendedAnswer[];

/**
 * Group commit: all appends of `messages` in one transaction with one flush, in order, so that appends to the
 * same stream see each other. An append with a wrong expected revision writes nothing and harms no other.
 * Answers are made only from what was committed: when the transaction fails, every append in it failed,
 * also those that were refused because of an event that is gone again.
 */
export const prepareAppends = (db: DatabaseSync, steps: TransactionSteps): AppendTransaction => {
  const appendOne = prepareAppend(db);
  const readHead = prepareHead(db);
  return (messages) => {
    let answers: AppendedAnswer[];
    try {
      steps.begin(db);
      const head = { position: readHead() };
      answers = messages.map((message) => appendMessage(message, head, appendOne));
    } catch (error) {
      // Until COMMIT nothing carries a commit mark: a crash or this rollback leaves no trace.
      rollback(db);
      return failed(messages, failureBeforeCommit(error));
    }
    try {
      steps.commit(db);
    } catch (error) {
      rollback(db);
      return failed(messages, failureOfCommit(error));
    }
    return answers;
  };
};

type AppendOne = (
  head: { position: number },
  stream: string,
  expected: number,
  events: readonly EventToAppend[],
) => { revision: number; position: number };

const appendMessage = (
  message: AppendMessage,
  head: { position: number },
  appendOne: AppendOne,
): AppendedAnswer => {
  const events = unpackEvents(message.packed);
  const revisions: number[] = [];
  const positions: number[] = [];
  let first = 0;
  for (const [index, stream] of message.streams.entries()) {
    const last = first + (message.counts[index] as number);
    const outcome = appendOne(head, stream, message.expected[index] as number, events.slice(first, last));
    revisions.push(outcome.revision);
    positions.push(outcome.position);
    first = last;
  }
  return { kind: 'appended', seq: message.seq, revisions, positions };
};

const prepareAppend = (db: DatabaseSync): AppendOne => {
  const lastRevision = db.prepare(
    'SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1',
  );
  const storedAt = db.prepare('SELECT id, position FROM events WHERE stream = ? AND revision = ?');
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)');

  /** Position of the last event when exactly these events already follow `expected`, else -1. */
  const positionOfRetry = (stream: string, expected: number, events: readonly EventToAppend[]): number => {
    let position = -1;
    for (const [index, event] of events.entries()) {
      const stored = storedAt.get(stream, expected + 1 + index);
      if (stored?.['id'] !== event.id) return -1;
      position = Number(stored['position']);
    }
    return position;
  };

  return (head, stream, expected, events) => {
    const actual = Number(lastRevision.get(stream)?.['revision'] ?? -1);
    if (actual !== expected) {
      const position = actual > expected ? positionOfRetry(stream, expected, events) : -1;
      return { revision: position < 0 ? actual : expected + events.length, position };
    }
    let revision = expected;
    for (const { type, id, entry, attachment } of events)
      insert.run(++head.position, stream, ++revision, type, id, entry, attachment ?? null);
    return { revision, position: head.position };
  };
};

const rollback = (db: DatabaseSync): void => {
  // SQLite has already rolled back by itself after some errors (FULL and I/O among them).
  if (db.isTransaction) db.exec('ROLLBACK');
};

const failed = (messages: readonly AppendMessage[], failure: Failure): AppendedAnswer[] =>
  messages.map(({ seq }) => ({ kind: 'appended', seq, revisions: [], positions: [], failure }));
