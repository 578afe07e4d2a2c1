import { randomUUID } from 'node:crypto';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { eventsOf, newStream } from './event-store.samples.js';

/**
 * A process to be killed: opens the store named on the command line and appends without end. Writes one line for
 * each append that was answered, after the answer; waits while its parent is too slow to read them.
 */
const APPENDERS = 8;

const say = (line: string): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(`${line}\n`, () => resolve());
  });

const [file = ''] = process.argv.slice(2);
const store = await openSqliteEventStore({ file });
await say('open');
await Promise.all(
  Array.from({ length: APPENDERS }, async () => {
    for (;;) {
      const stream = newStream();
      const events = eventsOf('Appended', 3).map((event) => ({ ...event, entry: Buffer.from(randomUUID()) }));
      const { position } = await store.append(stream, -1, events);
      const entries = events.map(({ entry }) => entry.toString()).join(',');
      await say(`${stream} ${position} ${entries}`);
    }
  }),
);
