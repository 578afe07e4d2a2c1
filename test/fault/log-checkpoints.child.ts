import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { COSIGNATURES_STREAM } from '#core/log/log.events.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { COSIGNATURE_V1, createSigner, formatVerifierKey } from '#tlog/note-key.js';
import { openFixtureLog, refusalsOf } from '../../apps/ledger/log/log.fixture.js';
import type { MerkleLog } from '../../apps/ledger/log/merkle-log.js';
import { openQuorum } from '../../apps/ledger/log/quorum.js';
import { recordAtEnd } from '../../apps/ledger/log/record-log-event.js';

/**
 * Keeps a log in the folder named on the command line, twice with a new start between, and has each checkpoint cosigned.
 * The same entries make the same checkpoints each time, whatever the time: each append waits for its checkpoint. One line
 * for each append that was answered and for each note that was published.
 */
const RUNS: readonly (readonly number[])[] = [
  [5, 40, 260, 10],
  [3, 30],
];
const WAIT_MS = 10_000;

const [folder = ''] = process.argv.slice(2);
const witness = createSigner('audit', COSIGNATURE_V1, generateKeyPairSync('ed25519').privateKey);
const policy_file = join(folder, 'policy');
// A witness without an address: nobody asks it, its cosignatures come from another replica.
writeFileSync(policy_file, `witness audit ${formatVerifierKey(witness.verifier)}\nquorum audit\n`);
const quorum = openQuorum({ witnesses: [], policy_file } as unknown as Parameters<typeof openQuorum>[0]);
const store = await openSqliteEventStore({ file: join(folder, 'events.db') });

const until = async (isTrue: () => boolean, what: string): Promise<void> => {
  for (let waited = 0; !isTrue(); waited += 5) {
    if (waited > WAIT_MS) throw new Error(`waited too long for ${what}`);
    await sleep(5);
  }
};

const sayPublished = ({ checkpoints }: MerkleLog): void => {
  writeSync(1, `published ${Buffer.from(checkpoints.latest?.note ?? '').toString('base64')}\n`);
};

const cosign = async (log: MerkleLog): Promise<void> => {
  const { latest } = log.checkpoints;
  if (latest === undefined) throw new Error('nothing to cosign');
  const line = witness.sign(log.checkpoints.text(latest), 1_700_000_000);
  const root = Buffer.from(latest.root).toString('base64');
  const data = { size: latest.size, root, witness: 'audit', line };
  await recordAtEnd(store, COSIGNATURES_STREAM, { type: 'CheckpointCosigned', v: 1, data });
  await until(() => log.checkpoints.witnessed?.size === latest.size, 'a cosigned checkpoint');
  sayPublished(log);
};

for (const appends of RUNS) {
  const log = await openFixtureLog(folder, store, {
    quorum,
    logger: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })),
    checkpoint_every_ms: 20,
    retry_after_ms: 20,
    self_check: { every_ms: 1_000_000, entries: 10_000 },
  });
  log.start();
  // An empty log records a checkpoint too; were it to come later, the next sizes would be others.
  await until(() => log.follower?.recorded !== undefined, 'the first checkpoint');
  for (const count of appends) {
    const { stream, events } = refusalsOf(randomUUID(), count);
    const { position } = await store.append(stream, -1, events);
    writeSync(1, `acknowledged ${events.map(({ id }) => id).join(',')}\n`);
    await until(() => (log.checkpoints.latest?.size ?? 0) >= Number(position), 'a checkpoint');
    sayPublished(log);
    await cosign(log);
  }
  await log.close();
}
await store.close();
