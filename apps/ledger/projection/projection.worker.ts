import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { CallEvent } from '#core/call/call.events.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { projectCall, UNKNOWN_VERSION } from './project-call.js';
import type { ProjectionReply, ProjectionRequest } from './projection.messages.js';
import {
  CALLS_SCHEMA,
  type CallFilter,
  type CallItem,
  PROGRESS_SCHEMA,
  PROJECTION_VERSION,
} from './projection.schema.js';

const { file } = workerData as { file: string };
const database = open();
const insertCall = database.prepare(
  'INSERT OR IGNORE INTO calls (id, time, principal, agent, method, server, tool, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
);
const updateCall = database.prepare(
  `UPDATE calls SET decision = coalesce(?, decision), rules = coalesce(?, rules), outcome = coalesce(?, outcome),
    approval_id = coalesce(?, approval_id) WHERE id = ?`,
);
const saveProgress = database.prepare('UPDATE progress SET position = ?');

function open(): DatabaseSync {
  const db = new DatabaseSync(file);
  // Losing the last rows in a power cut is fine here: the position is lost with them, and both come back from the log.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  db.exec(PROGRESS_SCHEMA);
  const row = db.prepare('SELECT version FROM progress').get();
  if (row?.['version'] !== PROJECTION_VERSION) {
    // An older read model, or none: it comes back from the log.
    db.exec(`DROP TABLE progress; DROP TABLE IF EXISTS calls; ${PROGRESS_SCHEMA} ${CALLS_SCHEMA}`);
    db.prepare('INSERT INTO progress VALUES (1, ?, NULL)').run(PROJECTION_VERSION);
  }
  return db;
}

const apply = (events: readonly Uint8Array[], position: string): null => {
  database.exec('BEGIN');
  for (const bytes of events) {
    const entry = readEntry(bytes);
    const event = knownEvent<CallEvent>(entry);
    const change = event === undefined ? UNKNOWN_VERSION : projectCall(event);
    const id = entry.correlation;
    if (change.insert !== undefined) {
      const { principal, agent, method, server, tool } = change.insert;
      insertCall.run(id, entry.time, principal, agent, method, server, tool, 'requested');
    } else {
      const rules = change.rules === undefined ? null : JSON.stringify(change.rules);
      updateCall.run(change.decision ?? null, rules, change.outcome ?? null, change.approvalId ?? null, id);
    }
  }
  saveProgress.run(position);
  database.exec('COMMIT');
  return null;
};

const list = (filter: CallFilter): { items: CallItem[]; last: number | null } => {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const where = (condition: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  where('principal = ?', filter.principal);
  where('method = ?', filter.method);
  where('server = ?', filter.server);
  where('tool = ?', filter.tool);
  where('decision = ?', filter.decision);
  where('time >= ?', filter.from);
  where('time < ?', filter.to);
  where('n < ?', filter.before);
  const clause = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = database
    .prepare(`SELECT * FROM calls ${clause} ORDER BY n DESC LIMIT ?`)
    .all(...values, filter.limit + 1);
  const page = rows.slice(0, filter.limit);
  const last = rows.length > filter.limit ? page.at(-1)?.['n'] : undefined;
  return { items: page.map(toItem), last: typeof last === 'number' ? last : null };
};

const toItem = (row: Record<string, unknown>): CallItem => ({
  id: String(row['id']),
  time: String(row['time']),
  principal: String(row['principal']),
  agent: row['agent'] === null ? null : String(row['agent']),
  method: String(row['method']),
  server: String(row['server']),
  tool: String(row['tool']),
  decision: row['decision'] === null ? null : String(row['decision']),
  rules: row['rules'] === null ? [] : (JSON.parse(String(row['rules'])) as string[]),
  outcome: String(row['outcome']),
  ...(row['approval_id'] === null ? {} : { approvalId: String(row['approval_id']) }),
});

const answer = (request: ProjectionRequest): unknown => {
  switch (request.op) {
    case 'apply':
      return apply(request.events, request.position);
    case 'position':
      return database.prepare('SELECT position FROM progress').get()?.['position'] ?? null;
    case 'list':
      return list(request.filter);
    case 'open-calls':
      return database
        .prepare("SELECT id FROM calls WHERE outcome IN ('forwarding', 'held')")
        .all()
        .map((row) => String(row['id']));
    case 'close':
      database.close();
      return null;
  }
};

parentPort?.on('message', ({ n, request }: { n: number; request: ProjectionRequest }) => {
  let reply: ProjectionReply;
  try {
    reply = { n, value: answer(request) };
  } catch (error) {
    reply = { n, error: (error as Error).message };
  }
  parentPort?.postMessage(reply);
  if (request.op === 'close') parentPort?.close();
});
