import { chmodSync, closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { backup } from 'node:sqlite';
import { openReader } from './schema.js';

/** Pages between two reports of progress; at 4 KiB a page about 16 MiB. */
const PAGES_AT_A_TIME = 4_096;

export interface StoreCopy {
  readonly events: number;
  /** Position of the last event copied; 0 for an empty store. */
  readonly lastPosition: number;
}

/**
 * Copies the store as it is at one moment to `to`, durable once this returns. A running writer is neither stopped nor
 * waited for: one read transaction around the copy keeps its view, so that no commit in between makes it start again.
 * @throws Error when there is no store, or no room
 */
export const copySqliteStore = async (
  file: string,
  to: string,
  onProgress?: (share: number) => void,
): Promise<StoreCopy> => {
  if (!existsSync(file)) throw new Error(`${file}: there is no event store here`);
  closeSync(openSync(to, 'wx', 0o600));
  const db = openReader(file);
  try {
    db.exec('BEGIN');
    const row = db.prepare('SELECT count(*) AS n, coalesce(max(position), 0) AS last FROM events').get();
    await backup(db, to, {
      rate: PAGES_AT_A_TIME,
      progress: ({ totalPages, remainingPages }) => onProgress?.(1 - remainingPages / totalPages),
    });
    syncFile(to);
    return { events: Number(row?.['n']), lastPosition: Number(row?.['last']) };
  } finally {
    db.close();
  }
};

const syncFile = (file: string): void => {
  chmodSync(file, 0o600);
  const fd = openSync(file, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};
