import type { DatabaseSync } from 'node:sqlite';
import type { SessionFilter, SessionItem, SessionPage } from './call-filter.js';
import { clause, joined } from './query-calls.js';

/** Newest first; `before` is the `n` of the last item of the page before. */
export const listSessions = (
  db: DatabaseSync,
  { filter, before, limit }: { filter: SessionFilter; before?: number | undefined; limit: number },
): SessionPage => {
  const where = joined([
    ...clause('s.principal = ?', filter.principal),
    ...clause('s.client = ?', filter.client),
    ...clause('s.agent = ?', filter.agent),
    ...clause('s.last >= ?', filter.from),
    ...clause('s.first < ?', filter.to),
    ...clause('s.n < ?', before),
  ]);
  const rows = db
    .prepare(
      `SELECT s.*, c.id FROM sessions s JOIN calls c ON c.n = s.n ${where.sql} ORDER BY s.n DESC LIMIT ?`,
    )
    .all(...where.values, limit + 1);
  const items = rows.slice(0, limit).map((row) => toItem(db, row));
  return { items, next: rows.length > limit ? (items.at(-1)?.n ?? null) : null };
};

const toItem = (db: DatabaseSync, row: Record<string, unknown>): SessionItem => {
  const n = Number(row['n']);
  const counted = db
    .prepare(
      `SELECT outcome, count(*) AS calls, sum(kind IS 'write') AS writes FROM calls WHERE session = ?
        GROUP BY outcome ORDER BY outcome`,
    )
    .all(n);
  const total = (column: 'calls' | 'writes') =>
    counted.reduce((sum, group) => sum + Number(group[column]), 0);
  return {
    n,
    id: String(row['id']),
    principal: String(row['principal']),
    client: String(row['client']),
    agent: row['agent'] === '' ? null : String(row['agent']),
    first: String(row['first']),
    last: String(row['last']),
    calls: total('calls'),
    writes: total('writes'),
    outcomes: Object.fromEntries(counted.map((group) => [String(group['outcome']), Number(group['calls'])])),
  };
};
