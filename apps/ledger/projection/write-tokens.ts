import type { DatabaseSync } from 'node:sqlite';
import { INDEX_TOKEN_BYTES } from '#contracts/masking.js';
import { inTransaction } from './open-database.js';
import type { IndexedPayload } from './projection.messages.js';
import { PLACES } from './projection.schema.js';

export interface TokenWriter {
  write(key: string, payloads: readonly IndexedPayload[], position: string): void;
  drop(): void;
}

export const tokenWriter = (db: DatabaseSync): TokenWriter => {
  const numberOf = db.prepare('SELECT n FROM calls WHERE id = ?');
  const insert = db.prepare(
    'INSERT INTO tokens VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET place = place | excluded.place',
  );
  const markTruncated = db.prepare('UPDATE calls SET truncated = 1 WHERE n = ?');
  const saveProgress = db.prepare(
    'UPDATE progress SET index_position = ?, index_key = ?, index_unreadable = index_unreadable + ?',
  );
  const writeOne = ({ call, place, tokens, truncated }: IndexedPayload): void => {
    const n = numberOf.get(call)?.['n'];
    if (typeof n !== 'number') return;
    for (let at = 0; at < (tokens?.length ?? 0); at += INDEX_TOKEN_BYTES)
      insert.run(tokens?.subarray(at, at + INDEX_TOKEN_BYTES) ?? null, n, PLACES[place]);
    if (truncated) markTruncated.run(n);
  };
  return {
    write: (key, payloads, position) =>
      inTransaction(db, () => {
        for (const payload of payloads) writeOne(payload);
        saveProgress.run(position, key, payloads.filter(({ tokens }) => tokens === null).length);
      }),
    drop: () =>
      inTransaction(db, () => {
        db.exec('DELETE FROM tokens');
        db.exec('UPDATE calls SET truncated = 0 WHERE truncated = 1');
        db.exec('UPDATE progress SET index_position = NULL, index_key = NULL, index_unreadable = 0');
      }),
  };
};
