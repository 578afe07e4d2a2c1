import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EventStore } from '#event-store/event-store.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { loadOrCreateSealingKey } from '#sealing/file-keys.js';
import { createSealer } from '#sealing/sealer.js';
import { Replay } from '../../apps/ledger/replay/replay.js';
import type { ReplaySummary } from '../../apps/ledger/replay/report.js';
import { openLocalMasking } from '../../apps/masking/local-masking.js';
import { demoPolicy } from '../e2e/support/policies.js';
import { recordCalls } from '../golden/recorded-calls.js';

const CALLS = 100_000;
const FEW = 10_000;
/** What a run may hold beside the log: pages, what is under way, and remembered calls, all of them bounded. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

let folder: string;
let store: EventStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-replay-'));
  store = await openSqliteEventStore({ file: join(folder, 'events.db') });
  const { kid, publicKey } = await loadOrCreateSealingKey(join(folder, 'keys'));
  const sealer = await createSealer(kid, publicKey);
  await recordCalls(store, sealer, demoPolicy(), CALLS);
}, 15 * 60_000);
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heldBytes = (): number => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

interface Run extends ReplaySummary {
  readonly peak_bytes: number;
  readonly elapsed_ms: number;
}

const replay = async (until?: bigint): Promise<Run> => {
  const bus = await openLocalMasking(join(folder, 'keys'));
  const before = heldBytes();
  const began = performance.now();
  let peak = 0;
  for await (const line of new Replay(store, bus).lines(until === undefined ? {} : { until })) {
    peak = Math.max(peak, heldBytes() - before);
    if ('summary' in line)
      return { ...line.summary, peak_bytes: peak, elapsed_ms: performance.now() - began };
  }
  throw new Error('a run ends with its summary');
};

/** Position of the last event of the first so many calls. */
const endOf = async (calls: number): Promise<bigint> => {
  let after: bigint | undefined;
  for (let seen = 0; ; ) {
    const page = await store.readAll({
      types: ['CallRequested'],
      limit: 1_000,
      attachments: false,
      ...(after === undefined ? {} : { after }),
    });
    seen += page.events.length;
    after = page.scannedTo as bigint;
    if (seen >= calls) return after;
  }
};

it(
  `${CALLS} recorded calls replay without a difference, in memory that does not grow with their number`,
  async () => {
    const few = await replay(await endOf(FEW));
    const all = await replay();
    const rate = Math.round((CALLS * 1_000) / all.elapsed_ms);
    const [few_mb, all_mb] = [few, all].map(({ peak_bytes }) => Math.round(peak_bytes / 1e6));
    console.log(
      `replay: ${all.checked} records of ${CALLS} calls, ${rate} calls/s, held ${few_mb} -> ${all_mb} MB`,
    );
    expect(few.identical).toBe(few.checked);
    expect(all.counts).toEqual({
      identical: all.checked,
      different: 0,
      unknown_engine: 0,
      payload_erased: 0,
    });
    expect(all.checked).toBeGreaterThan(CALLS);
    expect(all.next).toBeNull();
    expect(all.peak_bytes).toBeLessThan(Math.max(few.peak_bytes, HELD_BYTES_MAX));
  },
  15 * 60_000,
);
