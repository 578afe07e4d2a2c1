import { hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { answerRequests } from '../thread/answer-requests.js';
import type { EventIndexRequest } from './event-index.messages.js';

const VERSION = 1;
const { file } = workerData as { file: string };
const database = open();
const insert = database.prepare('INSERT OR IGNORE INTO ids (key, position, before) VALUES (?, ?, ?)');
const find = database.prepare('SELECT position, before FROM ids WHERE key = ?');
const progress = database.prepare('SELECT position FROM progress');
const save = database.prepare('UPDATE progress SET position = ?');

function open(): DatabaseSync {
  const db = new DatabaseSync(file);
  // Losing the last rows in a power cut is fine: the progress is lost with them, and both come back from the store.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  if (db.prepare('PRAGMA user_version').get()?.['user_version'] !== VERSION)
    db.exec(`
      DROP TABLE IF EXISTS ids;
      DROP TABLE IF EXISTS progress;
      CREATE TABLE ids (key INTEGER, position TEXT, before TEXT, PRIMARY KEY (key, position)) WITHOUT ROWID, STRICT;
      CREATE TABLE progress (position TEXT) STRICT;
      INSERT INTO progress VALUES (NULL);
      PRAGMA user_version = ${VERSION};
    `);
  return db;
}

/** 48 bits of the id's hash: small rows; whoever asks compares the ids. */
const keyOf = (id: string): number => hash('sha256', id, 'buffer').readUIntBE(0, 6);

const answer = (request: EventIndexRequest): unknown => {
  switch (request.op) {
    case 'progress':
      return progress.get()?.['position'] ?? null;
    case 'find':
      return find.all(keyOf(request.id)).map(({ position, before }) => ({ position, before }));
    case 'add': {
      let before = request.after;
      database.exec('BEGIN');
      for (const { id, position } of request.events) {
        insert.run(keyOf(id), position, before);
        before = position;
      }
      save.run(request.scannedTo);
      database.exec('COMMIT');
      return null;
    }
    case 'close':
      database.close();
      return null;
  }
};

answerRequests(answer);
