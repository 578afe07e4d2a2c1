import type { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { answerRequests } from '../thread/answer-requests.js';
import { createDatabase, openDatabase } from './open-database.js';
import type { ProjectionProgress, ProjectionRequest } from './projection.messages.js';
import { listReported, listUnsettled } from './query-approvals.js';
import { countTruncated, listCalls } from './query-calls.js';
import { listSessions } from './query-sessions.js';
import { callWriter } from './write-calls.js';
import { tokenWriter } from './write-tokens.js';

const { file } = workerData as { file: string };

const withWriters = (db: DatabaseSync) => ({ db, calls: callWriter(db), tokens: tokenWriter(db) });
let model = withWriters(openDatabase(file));

const progress = (): ProjectionProgress => {
  const row = model.db.prepare('SELECT * FROM progress').get() ?? {};
  const count = (sql: string): number => Number(model.db.prepare(sql).get()?.['count']);
  const text = (column: string): string | null => (row[column] === null ? null : String(row[column]));
  return {
    version: Number(row['version']),
    position: text('position'),
    calls: count('SELECT coalesce(max(n), 0) AS count FROM calls'),
    unknown: Number(row['unknown']),
    index: {
      position: text('index_position'),
      key: text('index_key'),
      truncated: count('SELECT count(*) AS count FROM calls WHERE truncated = 1'),
      unreadable: Number(row['index_unreadable']),
    },
  };
};

const answer = (request: ProjectionRequest): unknown => {
  const { db, calls, tokens } = model;
  switch (request.op) {
    case 'apply':
      return calls.apply(request.events, request.unknown, request.position);
    case 'index':
      return tokens.write(request.key, request.payloads, request.position);
    case 'drop-index':
      return tokens.drop();
    case 'drop':
      db.close();
      model = withWriters(createDatabase(file));
      return;
    case 'progress':
      return progress();
    case 'list':
      return listCalls(db, request.search);
    case 'truncated':
      return countTruncated(db, request.search);
    case 'sessions':
      return listSessions(db, request);
    case 'open-calls':
      return db
        .prepare("SELECT id FROM calls WHERE outcome IN ('forwarding', 'held')")
        .all()
        .map((row) => String(row['id']));
    case 'reported':
      return listReported(db, request.query);
    case 'unsettled':
      return listUnsettled(db, request.query);
    case 'close':
      return db.close();
  }
};

answerRequests(answer);
