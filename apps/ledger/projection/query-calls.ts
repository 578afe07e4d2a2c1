import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { CallItem, CallPage, CallSearch } from './call-filter.js';
import { PLACES, type Place } from './projection.schema.js';

interface Clause {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

const SELECT = `SELECT c.*, f.id AS session_id, p.digest AS policy_digest FROM calls c
  JOIN calls f ON f.n = c.session LEFT JOIN policies p ON p.id = c.policy`;

export const listCalls = (db: DatabaseSync, search: CallSearch): CallPage => {
  const { order, after, upTo, limit } = search;
  const [beyond, direction] = order === 'oldest' ? ['c.n > ?', 'ASC'] : ['c.n < ?', 'DESC'];
  const where = joined([
    ...filterClauses(search),
    ...tokenClauses(search),
    ...clause(beyond, after),
    ...clause('c.n <= ?', upTo),
  ]);
  const rows = db
    .prepare(`${SELECT} ${where.sql} ORDER BY c.n ${direction} LIMIT ?`)
    .all(...where.values, limit + 1);
  const items = rows.slice(0, limit).map(toItem);
  const found = search.tokens === undefined ? items : withPlaces(db, items, search.tokens);
  return { items: found, next: rows.length > limit ? (items.at(-1)?.n ?? null) : null };
};

/** How many of the calls that fit the filter may hold more values than the index knows. */
export const countTruncated = (db: DatabaseSync, search: CallSearch): number => {
  const where = joined([{ sql: 'c.truncated = 1', values: [] }, ...filterClauses(search)]);
  return Number(
    db.prepare(`SELECT count(*) AS count FROM calls c ${where.sql}`).get(...where.values)?.['count'],
  );
};

export const clause = (sql: string, value: SQLInputValue | undefined): readonly Clause[] =>
  value === undefined ? [] : [{ sql, values: [value] }];

export const joined = (clauses: readonly Clause[]): Clause => ({
  sql: clauses.length === 0 ? '' : `WHERE ${clauses.map(({ sql }) => sql).join(' AND ')}`,
  values: clauses.flatMap(({ values }) => values),
});

const labelled = (label: string | undefined): readonly Clause[] =>
  clause('c.n IN (SELECT n FROM labels WHERE label = ?)', label);

const filterClauses = ({ filter }: CallSearch): readonly Clause[] => [
  ...clause('c.principal = ?', filter.principal),
  ...clause('c.client = ?', filter.client),
  ...clause('c.agent = ?', filter.agent),
  ...clause('c.session = (SELECT n FROM calls WHERE id = ?)', filter.session),
  ...clause('c.method = ?', filter.method),
  ...clause('c.server = ?', filter.server),
  ...clause('c.tool = ?', filter.tool),
  ...clause('c.kind = ?', filter.effect),
  ...clause('c.decision = ?', filter.decision),
  ...clause('c.policy = (SELECT id FROM policies WHERE digest = ?)', filter.policyDigest),
  ...clause('c.outcome = ?', filter.outcome),
  ...clause('c.approval_id = ?', filter.approvalId),
  ...clause('c.time >= ?', filter.from),
  ...clause('c.time < ?', filter.to),
  ...labelled(filter.rule === undefined ? undefined : `rule:${filter.rule}`),
  ...labelled(filter.masked === undefined ? undefined : `masked:${filter.masked}`),
];

const marks = (tokens: readonly Uint8Array[]): string => tokens.map(() => '?').join(', ');

const tokenClauses = ({ tokens }: CallSearch): readonly Clause[] =>
  tokens === undefined
    ? []
    : [{ sql: `c.n IN (SELECT n FROM tokens WHERE token IN (${marks(tokens)}))`, values: tokens }];

const withPlaces = (
  db: DatabaseSync,
  items: readonly CallItem[],
  tokens: readonly Uint8Array[],
): readonly CallItem[] => {
  const places = db.prepare(`SELECT place FROM tokens WHERE n = ? AND token IN (${marks(tokens)})`);
  return items.map((item) => {
    const bits = places.all(item.n, ...tokens).reduce((all, row) => all | Number(row['place']), 0);
    const found = (Object.keys(PLACES) as Place[]).filter((place) => (bits & PLACES[place]) !== 0);
    return { ...item, found };
  });
};

const textOrNull = (value: unknown): string | null => (value === null ? null : String(value));

const toItem = (row: Record<string, unknown>): CallItem => ({
  n: Number(row['n']),
  id: String(row['id']),
  time: String(row['time']),
  principal: String(row['principal']),
  client: String(row['client']),
  agent: textOrNull(row['agent']),
  session: String(row['session_id']),
  method: String(row['method']),
  server: String(row['server']),
  tool: String(row['tool']),
  effect: textOrNull(row['kind']) as CallItem['effect'],
  decision: textOrNull(row['decision']),
  rules: row['rules'] === null ? [] : (JSON.parse(String(row['rules'])) as string[]),
  policyDigest: textOrNull(row['policy_digest']),
  outcome: String(row['outcome']),
  masked: row['masked'] === null ? {} : (JSON.parse(String(row['masked'])) as Record<string, number>),
  ...(row['approval_id'] === null ? {} : { approvalId: String(row['approval_id']) }),
});
