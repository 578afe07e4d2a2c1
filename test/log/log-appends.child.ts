import { join } from 'node:path';
import { pino } from 'pino';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { openFixtureLog, refusalOf } from '../../apps/ledger/log/log.fixture.js';
import type { LogStep } from '../../apps/ledger/log/steps.js';

/**
 * Records events and lets the log run over them: log-appends.child.js FOLDER [STEP NTH]. Ends itself by SIGKILL when STEP
 * is reached the NTH time; says `acknowledged N` after each append.
 */
const [folder = '', step, nth] = process.argv.slice(2);
let times = 0;
const reached = (at: LogStep): void => {
  if (at !== step) return;
  times += 1;
  if (times === Number(nth)) process.kill(process.pid, 'SIGKILL');
};

const store = await openSqliteEventStore({ file: join(folder, 'events.db') });
const log = await openFixtureLog(folder, store, {
  reached,
  checkpoint_every_ms: 100,
  logger: pino(process.stderr),
});
log.start();
for (let round = 0; round < 40; round++) {
  const commands = Array.from({ length: 30 }, refusalOf);
  await Promise.all(commands.map(({ stream, events }) => store.append(stream, -1, events)));
  process.stdout.write(`acknowledged ${(round + 1) * 30}\n`);
  await new Promise((resolve) => setTimeout(resolve, 30));
}
await log.close();
await store.close();
