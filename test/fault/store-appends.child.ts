import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';

/**
 * Opens the store named on the command line, appends to one stream and closes it. Goes on after failures as the ledger
 * does: reads what is there and appends behind it. One line for each append that was answered, after the answer.
 */
const APPENDS = 12;
const EVENTS = 3;
/** Some larger than a page of the database. */
const BYTES = [100, 5_000, 40_000];
const PAUSE_MS = 20;

const [file = ''] = process.argv.slice(2);
const store = await openSqliteEventStore({ file });
const stream = `stream-${randomUUID()}`;
for (let append = 0; append < APPENDS; append++) {
  const stored = await store.readStream(stream).catch(() => []);
  const events = Array.from({ length: EVENTS }, (_, n) => ({
    id: randomUUID(),
    type: 'Appended',
    entry: Buffer.alloc(BYTES[n % BYTES.length] ?? 0, `${append}.${n} `),
  }));
  try {
    await store.append(stream, stored.length - 1, events);
    writeSync(1, `${stream} ${events.map(({ id }) => id).join(',')}\n`);
  } catch (error) {
    writeSync(2, `${(error as Error).name}: ${(error as Error).message}\n`);
    // A writer that has to start again takes a moment.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
await store.close();
