import type { DatabaseSync } from 'node:sqlite';
import { isSettled, type Listed } from '#core/approval/listed.js';
import type { Reported } from '#core/approval/reports/reported.js';

/** More that are old and not settled are not listed: whoever asks reads the whole log. */
export const UNSETTLED_MAX = 5_000;

export interface ReportedQuery {
  readonly by: 'requested' | 'decided';
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly after?: { readonly at: string; readonly n: number } | undefined;
  readonly limit: number;
}

export interface ReportedPage {
  readonly items: readonly Reported[];
  readonly next?: { readonly at: string; readonly n: number };
}

export interface UnsettledQuery {
  /** What was requested, or has changed, since then is read from the log. */
  readonly since: string;
  readonly now: string;
}

/** Where a reader of the log may begin, and what it must know of the time before. */
export interface Unsettled {
  /** Absent: at the beginning. */
  readonly after?: string;
  /** Approvals requested before of which something can still come, or that changed after all. */
  readonly approvals: readonly string[];
  /** Calls that are held, and no approval is asked for. */
  readonly calls: readonly string[];
}

/** From the beginning of time to after its end. */
const FIRST = '';
const LAST = '~';

export const listReported = (
  db: DatabaseSync,
  { by, from = FIRST, to = LAST, after, limit }: ReportedQuery,
): ReportedPage => {
  const at = by === 'requested' ? 'requested_at' : 'decided_at';
  const rows = db
    .prepare(
      `SELECT n, ${at} AS at, reported FROM approvals
        WHERE ${at} >= ? AND ${at} < ? AND (${at}, n) > (?, ?) ORDER BY ${at}, n LIMIT ?`,
    )
    .all(from, to, after?.at ?? FIRST, after?.n ?? 0, limit);
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    items: rows.map((row) => JSON.parse(String(row['reported'])) as Reported),
    ...(last && { next: { at: String(last['at']), n: Number(last['n']) } }),
  };
};

export const listUnsettled = (db: DatabaseSync, { since, now }: UnsettledQuery): Unsettled => {
  const before = db
    .prepare(
      'SELECT n, position FROM approvals WHERE requested_at < ? ORDER BY requested_at DESC, n DESC LIMIT 1',
    )
    .get(since);
  if (before === undefined) return { approvals: [], calls: [] };
  const n = Number(before['n']);
  settleGrants(db, now);
  const ids = (sql: string, ...values: readonly (string | number)[]): readonly string[] =>
    db
      .prepare(sql)
      .all(...values)
      .map((row) => String(row['id']));
  const approvals = ids(
    `SELECT id FROM approvals WHERE n <= ? AND state IS NOT NULL
      UNION SELECT id FROM approvals WHERE changed_at >= ? AND n <= ? LIMIT ?`,
    n,
    since,
    n,
    UNSETTLED_MAX + 1,
  );
  const calls = ids(
    `SELECT id FROM calls WHERE outcome = 'held' AND approval_id NOT IN (SELECT id FROM approvals) LIMIT ?`,
    UNSETTLED_MAX + 1,
  );
  if (approvals.length + calls.length > UNSETTLED_MAX) return { approvals: [], calls: [] };
  return { after: String(before['position']), approvals, calls };
};

/** Time ends them without an event. */
const settleGrants = (db: DatabaseSync, now: string): void => {
  const settle = db.prepare('UPDATE approvals SET state = NULL WHERE id = ?');
  for (const row of db.prepare('SELECT id, state FROM approvals WHERE state IS NOT NULL').all()) {
    if (isSettled(JSON.parse(String(row['state'])) as Listed, now)) settle.run(String(row['id']));
  }
};
