// Writes the history of a stopped instance as a golden file: node dist/test/golden/write-history.js DATA_DIR > FILE
// Made once from a real run and never changed: what this version records must replay in every later one.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { SEALING_KEY_FILE } from '#sealing/file-keys.js';
import { toHistoryEvent } from './history-file.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: write-history.js DATA_DIR');
const sealing_key: unknown = JSON.parse(await readFile(join(folder, 'keys', SEALING_KEY_FILE), 'utf8'));
process.stdout.write(`${JSON.stringify({ sealing_key })}\n`);
const store = await openSqliteEventStore({ file: join(folder, 'events.db') });
for (let after = 0n; ; ) {
  const { events, scannedTo } = await store.readAll({ after, limit: 500 });
  for (const event of events) process.stdout.write(`${JSON.stringify(toHistoryEvent(event))}\n`);
  if (scannedTo === undefined || scannedTo === after) break;
  after = scannedTo;
}
await store.close();
