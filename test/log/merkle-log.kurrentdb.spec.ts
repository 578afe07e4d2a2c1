import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEntry } from '#core/evidence/read-entry.js';
import type { EventStore } from '#event-store/event-store.js';
import { leafHash } from '#tlog/merkle.js';
import { EMPTY_TREE, growTree, rootOf } from '#tlog/tree.js';
import { verifyInclusion } from '#tlog/verify-proof.js';
import { allEvents, openFixtureLog, refusalOf } from '../../apps/ledger/log/log.fixture.js';
import type { MerkleLog, MerkleLogOptions } from '../../apps/ledger/log/merkle-log.js';
import type { EventStoreFixture } from '../contract/event-store.fixture.js';
import { fakeKurrentDbFixture } from '../contract/kurrentdb.fixture.js';

let folder: string;
let server: EventStoreFixture;
let store: EventStore;
let logs: MerkleLog[];
let alarms: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-kurrentdb-log-'));
  server = await fakeKurrentDbFixture();
  store = await server.open();
  logs = [];
  alarms = [];
});
afterEach(async () => {
  for (const log of logs) await log.close();
  await store.close();
  await server.dispose();
  await rm(folder, { recursive: true });
});

const record = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const { stream, events } = refusalOf();
      await store.append(stream, -1, events);
    }),
  );

const open = async (options: Partial<MerkleLogOptions> = {}): Promise<MerkleLog> => {
  const raiseAlarm = async (alarm: unknown) => void alarms.push(alarm);
  const log = await openFixtureLog(folder, store, { raiseAlarm, retry_after_ms: 100, ...options });
  logs.push(log);
  log.start();
  return log;
};

const covers = async (log: MerkleLog, size: number) => {
  await vi.waitFor(() => expect(log.checkpoints.latest?.size ?? 0).toBeGreaterThanOrEqual(size), 30_000);
  return log.checkpoints.latest as NonNullable<typeof log.checkpoints.latest>;
};

/** Every checkpoint on record has the root of the entries before it, in the order of the server. */
const assertRecorded = async (): Promise<readonly number[]> => {
  const events = await allEvents(store);
  const leaves = events.map(({ entry }) => leafHash(entry));
  const recorded = events
    .filter(({ type }) => type === 'CheckpointRecorded')
    .map(({ entry }) => readEntry(entry).data);
  for (const { size, root } of recorded) {
    const { state } = growTree(EMPTY_TREE, leaves.slice(0, Number(size)));
    expect(root).toBe(Buffer.from(rootOf(state)).toString('base64'));
  }
  return recorded.map(({ size }) => Number(size));
};

describe('the Merkle log over KurrentDB', () => {
  it('counts entries one by one though their positions have gaps, and proves each', async () => {
    await record(300);
    const log = await open();
    const { size, root } = await covers(log, 300);
    const events = await allEvents(store);
    const { tree } = log;
    if (tree === undefined) throw new Error('the log is not open');
    expect(events[299]?.position).toBeGreaterThan(300n);
    for (const index of [0, 1, 255, 256, size - 1]) {
      const { entry, position } = events[index] ?? { entry: new Uint8Array(), position: -1n };
      expect(await tree.positions.indexOf(position)).toBe(index);
      expect(await tree.positions.indexOf(position + 1n)).toBeUndefined();
      const proof = await tree.inclusion(index, size);
      verifyInclusion({ leaf: leafHash(entry), index, size, root, proof });
    }
    await assertRecorded();
  });

  it('two sequencers record one line of checkpoints, and both publish it', async () => {
    const one = await open({ folder: join(folder, 'one') });
    const two = await open({ folder: join(folder, 'two') });
    for (let round = 0; round < 10; round++) {
      await record(20);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await covers(one, 200);
    await vi.waitFor(() => expect(two.checkpoints.latest?.note).toBe(one.checkpoints.latest?.note), 30_000);
    const sizes = await assertRecorded();
    expect(sizes).toEqual([...new Set(sizes)].sort((first, second) => first - second));
    expect([one.phase, two.phase, ...alarms]).toEqual(['running', 'running']);
  });

  it('goes on from its tiles after a restart, through one of the server, and from nothing', async () => {
    await record(270);
    const first = await open();
    await covers(first, 270);
    await first.close();
    await record(10);
    const second = await open();
    await covers(second, 281);
    await server.restart?.();
    await vi.waitFor(() => record(10), 30_000);
    const { size } = await covers(second, 292);
    await second.close();
    await rm(join(folder, 'log'), { recursive: true });
    await record(1);
    await covers(await open(), size + 1);
    await assertRecorded();
    expect(alarms).toEqual([]);
  });
});
