import type { Failure } from './messages.js';

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/** The SQLite result code of an error of node:sqlite without its extension bits, undefined for other errors. */
const primaryCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;

/** Another connection holds the lock. */
export const isBusy = (error: unknown): boolean => primaryCode(error) === SQLITE_BUSY;

/** SQLite says FULL for ENOSPC and EDQUOT of a write and for `max_page_count`. */
const isFull = (error: unknown): boolean => primaryCode(error) === SQLITE_FULL;

/** Nothing of the transaction reached its commit: whatever broke, it is known not to be durable. */
export const failureBeforeCommit = (error: unknown): Failure => ({
  kind: isFull(error) ? 'full' : 'unavailable',
  message: describe(error),
});

/**
 * A commit in WAL mode writes all frames, the one with the commit mark last, and then flushes. FULL can only
 * come from writing a frame: the commit mark is not on the disk and the transaction is gone for certain.
 * Any other failure may be that of the flush, after which the frames may or may not survive.
 */
export const failureOfCommit = (error: unknown): Failure => ({
  kind: isFull(error) ? 'full' : 'unknown',
  message: describe(error),
});

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
