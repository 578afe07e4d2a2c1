import { statfsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { prepareAppends, type TransactionSteps } from './append-transaction.js';
import type { AppendMessage, Failure, WriterAnswer, WriterMessage, WriterOptions } from './messages.js';
import { openWriter, prepareHead } from './schema.js';
import { failureBeforeCommit } from './sqlite-errors.js';

/** Limits of one transaction, so that the first append of a burst does not wait for the whole burst. */
const TRANSACTION_APPENDS_MAX = 256;
const TRANSACTION_BYTES_MAX = 16 * 1024 * 1024;
/** Below this `ping` says that there is no room. */
const FREE_BYTES_MIN = 4 * 1024 * 1024;

/**
 * The writer thread: takes everything that is queued, commits it in one transaction, answers all of it.
 * When a commit ends in doubt the connection is closed and opened anew before anything else is done; a failure
 * of that, like any error not foreseen here, ends the thread, and the main thread starts another.
 */
export const runWriter = (port: MessagePort, options: WriterOptions, steps: TransactionSteps): void => {
  let db = openWriter(options.file, options);
  let append = prepareAppends(db, steps);
  const say = (answer: WriterAnswer): void => port.postMessage(answer);

  const reopen = (): void => {
    db.close();
    db = openWriter(options.file, { quick_check: false });
    append = prepareAppends(db, steps);
    say({ kind: 'head', position: prepareHead(db)() });
  };

  const commit = (group: readonly AppendMessage[]): void => {
    const answers = append(group);
    const failure = answers[0]?.failure?.kind;
    // Who is told that the outcome is unknown will read the stream. Before that, the reopening makes sure that
    // what is not there now cannot come back after a crash.
    if (failure === 'unknown') reopen();
    for (const answer of answers) say(answer);
    if (failure === 'unavailable') reopen();
  };

  const handle = (first: WriterMessage): void => {
    let next: WriterMessage | undefined = first;
    while (next) {
      if (next.kind === 'close') {
        db.close();
        port.close();
        return;
      }
      if (next.kind === 'ping') {
        say({ kind: 'pong', seq: next.seq, ...ping(db, options.file) });
        next = receive(port);
      } else {
        const { group, rest } = takeGroup(next, port);
        commit(group);
        next = rest;
      }
    }
  };
  port.on('message', handle);
  say({ kind: 'head', position: prepareHead(db)() });
};

/** The appends that are queued right now, up to the limits, and the message that comes after them, if any. */
const takeGroup = (
  first: AppendMessage,
  port: MessagePort,
): { group: AppendMessage[]; rest: WriterMessage | undefined } => {
  const group = [first];
  let appends = first.streams.length;
  let bytes = first.packed.bytes.byteLength;
  while (appends < TRANSACTION_APPENDS_MAX && bytes < TRANSACTION_BYTES_MAX) {
    const next = receive(port);
    if (next?.kind !== 'append') return { group, rest: next };
    group.push(next);
    appends += next.streams.length;
    bytes += next.packed.bytes.byteLength;
  }
  return { group, rest: receive(port) };
};

const receive = (port: MessagePort): WriterMessage | undefined => receiveMessageOnPort(port)?.message;

/** Takes and gives back the write lock, and asks the disk for room; writes nothing. */
const ping = (db: DatabaseSync, file: string): { failure?: Failure } => {
  try {
    db.exec('BEGIN IMMEDIATE; ROLLBACK');
    const disk = statfsSync(file);
    if (disk.bavail * disk.bsize >= FREE_BYTES_MIN) return {};
    return { failure: { kind: 'full', message: `less than ${FREE_BYTES_MIN} bytes are free` } };
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    return { failure: failureBeforeCommit(error) };
  }
};
