import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isBusy } from './sqlite-errors.js';

/**
 * Makes this process the only writer of `file` until the lock is released or the process ends.
 * The lock is SQLite's own lock on the empty database `<file>.lock`: the kernel drops it when the process
 * dies, however it dies, so nothing has to be cleaned up after a crash; and it is not a lock on the store
 * itself, so readers need not ask for it. Not for network file systems, whose locks cannot be trusted.
 * @throws Error when another process (or another store in this one) holds it.
 */
export const lockForWriting = (file: string): { release(): void } => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new Error(`${file}: another process is writing to this event store`, { cause: error });
  }
  return { release: () => lock.close() };
};
