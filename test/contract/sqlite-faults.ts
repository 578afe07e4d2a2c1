import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { plainSteps, type TransactionSteps } from '#event-store/sqlite/append-transaction.js';

/**
 * `lost`, `persisted`: COMMIT reports a failed flush, without or with its effect.
 * `dies_before`, `dies_after`: the writer thread ends before or after COMMIT, without an answer.
 */
export type CommitFault = 'lost' | 'persisted' | 'dies_before' | 'dies_after';

interface Faults {
  /** Happens once, to the next transaction that wrote something. */
  readonly commit?: CommitFault;
  /** `PRAGMA max_page_count` from the next transaction on: a disk that is full beyond it. 0 = no limit. */
  readonly pages_max?: number;
}

/** Faults are ordered through a file beside the database: the only thing a test shares with the writer thread. */
const faultFile = (file: string): string => `${file}.faults.json`;

export const orderFaults = (file: string, faults: Faults): void =>
  writeFileSync(faultFile(file), JSON.stringify(faults));

const NO_PAGE_LIMIT = 4_294_967_294;

export const faultySteps = (file: string): TransactionSteps => {
  let changes_before = 0;
  return {
    begin: (db) => {
      const { pages_max } = orderedFaults(file);
      if (pages_max !== undefined) db.exec(`PRAGMA max_page_count = ${pages_max || NO_PAGE_LIMIT}`);
      plainSteps.begin(db);
      changes_before = totalChanges(db);
    },
    commit: (db) => {
      const { commit } = orderedFaults(file);
      if (commit === undefined || totalChanges(db) === changes_before) return plainSteps.commit(db);
      rmSync(faultFile(file));
      if (commit === 'dies_before') process.exit(1);
      if (commit === 'lost') db.exec('ROLLBACK');
      else plainSteps.commit(db);
      if (commit === 'dies_after') process.exit(1);
      throw failedFlush();
    },
  };
};

const orderedFaults = (file: string): Faults => {
  try {
    return JSON.parse(readFileSync(faultFile(file), 'utf8'));
  } catch {
    return {};
  }
};

const totalChanges = (db: DatabaseSync): number =>
  Number(db.prepare('SELECT total_changes() AS changes').get()?.['changes']);

/** SQLITE_IOERR_FSYNC, as node:sqlite reports it. */
const failedFlush = (): Error => Object.assign(new Error('disk I/O error'), { errcode: 10 | (4 << 8) });
