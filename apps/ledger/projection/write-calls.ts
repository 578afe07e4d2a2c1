import type { DatabaseSync } from 'node:sqlite';
import type { CallEvent } from '#core/call/call.events.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { inTransaction } from './open-database.js';
import { type CallChange, type CallInsert, projectCall, UNKNOWN_VERSION } from './project-call.js';
import type { ProjectedEvent } from './projection.messages.js';
import { SESSION_GAP_MS } from './projection.schema.js';
import { approvalWriter } from './write-approvals.js';

export interface CallWriter {
  apply(events: readonly ProjectedEvent[], unknown: number, position: string): void;
}

/** Writes down what events change. What is of an unknown version, or no entry at all, is counted. */
export const callWriter = (db: DatabaseSync): CallWriter => {
  const insertCall = db.prepare(
    `INSERT OR IGNORE INTO calls (id, time, principal, client, agent, session, method, server, tool, outcome)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'requested')`,
  );
  const updateCall = db.prepare(
    `UPDATE calls SET decision = coalesce(?, decision), kind = coalesce(?, kind), rules = coalesce(?, rules),
      policy = coalesce(?, policy), outcome = coalesce(?, outcome), masked = coalesce(?, masked),
      approval_id = coalesce(?, approval_id) WHERE id = ? RETURNING n`,
  );
  const nextCall = db.prepare('SELECT coalesce(max(n), 0) + 1 AS n FROM calls');
  const lastSession = db.prepare(
    'SELECT n, last FROM sessions WHERE principal = ? AND client = ? AND agent = ? ORDER BY n DESC LIMIT 1',
  );
  const insertSession = db.prepare('INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)');
  const extendSession = db.prepare('UPDATE sessions SET last = max(last, ?) WHERE n = ?');
  const insertPolicy = db.prepare('INSERT OR IGNORE INTO policies (digest) VALUES (?)');
  const policyNumber = db.prepare('SELECT id FROM policies WHERE digest = ?');
  const insertLabel = db.prepare('INSERT OR IGNORE INTO labels VALUES (?, ?)');
  const saveProgress = db.prepare('UPDATE progress SET position = ?, unknown = unknown + ?');
  const approvals = approvalWriter(db);
  const policies = new Map<string, number>();

  const policyOf = (digest: string): number => {
    const known = policies.get(digest);
    if (known !== undefined) return known;
    insertPolicy.run(digest);
    const number = Number(policyNumber.get(digest)?.['id']);
    policies.set(digest, number);
    return number;
  };

  const sessionOf = ({ principal, client, agent }: CallInsert, time: string): number => {
    const last = lastSession.get(principal, client, agent ?? '');
    if (last !== undefined && Date.parse(time) - Date.parse(String(last['last'])) <= SESSION_GAP_MS) {
      extendSession.run(time, Number(last['n']));
      return Number(last['n']);
    }
    const n = Number(nextCall.get()?.['n']);
    insertSession.run(n, principal, client, agent ?? '', time, time);
    return n;
  };

  const insert = (call: CallInsert, { correlation, time }: Entry): void => {
    const { principal, client, agent, method, server, tool } = call;
    const session = sessionOf(call, time);
    insertCall.run(correlation, time, principal, client, agent, session, method, server, tool);
  };

  const update = (change: CallChange, { correlation }: Entry): void => {
    const { decision, kind, rules, policyDigest, outcome, masked, approvalId } = change;
    const row = updateCall.get(
      decision ?? null,
      kind ?? null,
      rules === undefined ? null : JSON.stringify(rules),
      policyDigest === undefined ? null : policyOf(policyDigest),
      outcome ?? null,
      masked === undefined ? null : JSON.stringify(masked),
      approvalId ?? null,
      correlation,
    );
    if (row === undefined) return;
    for (const rule of rules ?? []) insertLabel.run(`rule:${rule}`, Number(row['n']));
    for (const name of Object.keys(masked ?? {})) insertLabel.run(`masked:${name}`, Number(row['n']));
  };

  /** False: not understood. A member that SQLite cannot take is of an entry that no release has written. */
  const written = ({ entry: bytes, position }: ProjectedEvent): boolean => {
    try {
      const entry = readEntry(bytes);
      if (approvals.takes(entry)) return approvals.write(entry, position);
      const event = knownEvent<CallEvent>(entry);
      const change = event === undefined ? UNKNOWN_VERSION : projectCall(event);
      if (change.insert !== undefined) insert(change.insert, entry);
      else update(change, entry);
      return event !== undefined;
    } catch (error) {
      if (error instanceof TypeError || error instanceof SyntaxError) return false;
      throw error;
    }
  };

  return {
    apply: (events, unknown, position) =>
      inTransaction(db, () => {
        let passed = unknown;
        for (const event of events) {
          if (!written(event)) passed++;
        }
        saveProgress.run(position, passed);
      }),
  };
};
