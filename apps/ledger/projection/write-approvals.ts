import type { DatabaseSync } from 'node:sqlite';
import { APPROVAL_EVENT_TYPES, type ApprovalEvent } from '#core/approval/approval.events.js';
import { isSettled, type Listed, reportedOf, withEvent, withHoldEnd } from '#core/approval/listed.js';
import type { HoldEnded } from '#core/call/call.events.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent } from '#core/evidence/read-entry.js';

/** The events that change the row of an approval. */
export const ROW_TYPES: readonly string[] = [
  ...APPROVAL_EVENT_TYPES,
  'HoldEnded' satisfies HoldEnded['type'],
];

export interface ApprovalWriter {
  takes(entry: Entry): boolean;
  /** False: not understood. */
  write(entry: Entry, position: string): boolean;
}

const STREAM = 'approval-';
const TYPES: ReadonlySet<string> = new Set(ROW_TYPES);

/**
 * Keeps of each approval what reports say of it, and its whole state as long as something can still come of it. The state of one
 * that has ended is in the log.
 */
export const approvalWriter = (db: DatabaseSync): ApprovalWriter => {
  const known = db.prepare('SELECT state FROM approvals WHERE id = ?');
  const insert = db.prepare(
    `INSERT INTO approvals (id, position, requested_at, decided_at, changed_at, reported, state)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = db.prepare(
    'UPDATE approvals SET decided_at = ?, changed_at = ?, reported = ?, state = ? WHERE id = ?',
  );

  /** Undefined: there is none, or nothing can come of it any more. */
  const stateOf = (approvalId: string): { readonly row: boolean; readonly listed: Listed | undefined } => {
    const row = known.get(approvalId);
    const state = row?.['state'];
    return {
      row: row !== undefined,
      listed: typeof state === 'string' ? (JSON.parse(state) as Listed) : undefined,
    };
  };

  const keep = (isNew: boolean, listed: Listed, { time }: Entry, position: string): void => {
    const { approvalId, requestedAt, decided } = listed;
    const reported = JSON.stringify(reportedOf(listed));
    const state = isSettled(listed, time) ? null : JSON.stringify(listed);
    const decidedAt = decided?.at ?? null;
    if (isNew) insert.run(approvalId, position, requestedAt, decidedAt, time, reported, state);
    else update.run(decidedAt, time, reported, state, approvalId);
  };

  const holdEnded = (entry: Entry, position: string): boolean => {
    const end = knownEvent<HoldEnded>(entry);
    if (end === undefined) return false;
    const { listed } = stateOf(end.data.approvalId);
    if (listed !== undefined) keep(false, withHoldEnd(listed, end.data.because), entry, position);
    return true;
  };

  return {
    takes: ({ type }) => TYPES.has(type),
    write: (entry, position) => {
      if (entry.type === 'HoldEnded') return holdEnded(entry, position);
      const approvalId = entry.stream.slice(STREAM.length);
      const { row, listed } = stateOf(approvalId);
      if (row && listed === undefined) return true;
      const next = withEvent(listed, approvalId, entry);
      if (next !== undefined && next !== listed) keep(!row, next, entry, position);
      return knownEvent<ApprovalEvent>(entry) !== undefined;
    },
  };
};
