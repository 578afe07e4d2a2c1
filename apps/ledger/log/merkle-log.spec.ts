import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEntry } from '#core/evidence/read-entry.js';
import { parseCheckpoint } from '#tlog/checkpoint.js';
import { leafHash } from '#tlog/merkle.js';
import { parseNote, verifyNote } from '#tlog/note.js';
import { EMPTY_TREE, growTree, rootOf } from '#tlog/tree.js';
import { verifyConsistency, verifyInclusion } from '#tlog/verify-proof.js';
import { allEvents, type LogScene, ORIGIN, openScene } from './log.fixture.js';
import type { MerkleLog } from './merkle-log.js';

let scene: LogScene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const covers = async (log: MerkleLog, size: number) => {
  await vi.waitFor(() => expect(log.checkpoints.latest?.size ?? 0).toBeGreaterThanOrEqual(size), 30_000);
  return log.checkpoints.latest as NonNullable<typeof log.checkpoints.latest>;
};

const recorded = async () =>
  (await allEvents(scene.store()))
    .filter(({ type }) => type === 'CheckpointRecorded')
    .map(({ entry }) => readEntry(entry).data);

/** The root that RFC 6962 gives for the first `size` entries of the store. */
const expectedRoot = async (size: number) => {
  const entries = (await allEvents(scene.store())).slice(0, size);
  return Buffer.from(
    rootOf(
      growTree(
        EMPTY_TREE,
        entries.map(({ entry }) => leafHash(entry)),
      ).state,
    ),
  ).toString('base64');
};

describe('the Merkle log of a store', () => {
  it('publishes a signed checkpoint over all entries, which is on record', async () => {
    await scene.record(700);
    const log = scene.open();
    const { size, root } = await covers(log, 700);
    const file = await readFile(join(scene.folder, 'log', 'checkpoint'));
    const note = parseNote(file);
    expect(verifyNote(note, [scene.signer.verifier])).toHaveLength(1);
    expect(parseCheckpoint(note.text)).toMatchObject({ origin: ORIGIN, size: 700 });
    expect(Buffer.from(root).toString('base64')).toBe(await expectedRoot(size));
    expect(await recorded()).toMatchObject([{ origin: ORIGIN, size, root: await expectedRoot(size) }]);
  });

  it('is idle when nothing but its own checkpoints is new, and beats all the same', async () => {
    await scene.record(3);
    const log = scene.open({ heartbeat_every_ms: 1_000 });
    await covers(log, 3);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await recorded()).toHaveLength(1);
    await covers(log, 4);
    expect(await recorded()).toHaveLength(2);
  });

  it('answers with proofs that verify, for every kind of place in the tree', async () => {
    await scene.record(300);
    const log = scene.open();
    const first = await covers(log, 300);
    await scene.record(400);
    const second = await covers(log, 700);
    const { tree } = log;
    if (tree === undefined) throw new Error('the log is not open');
    const events = await allEvents(scene.store());
    for (const index of [0, 1, 255, 256, 299, 511, 512, 699, second.size - 1]) {
      const entry = await tree.entry(index);
      expect(Buffer.compare(entry, events[index]?.entry ?? entry)).toBe(0);
      expect(await tree.positions.indexOf(events[index]?.position ?? -1n)).toBe(index);
      const proof = await tree.inclusion(index, second.size);
      verifyInclusion({ leaf: leafHash(entry), index, size: second.size, root: second.root, proof });
    }
    verifyConsistency({
      first: first.size,
      firstRoot: first.root,
      second: second.size,
      secondRoot: second.root,
      proof: await tree.consistency(first.size, second.size),
    });
  });

  it('goes on from its tiles after a restart, and from the store when they are gone', async () => {
    await scene.record(600);
    await covers(scene.open(), 600);
    await scene.closeStore();
    await scene.openStore();
    await scene.record(10);
    await covers(scene.open(), 611);
    await scene.closeStore();
    await scene.openStore();
    const elsewhere = scene.open({ folder: join(scene.folder, 'another') });
    await scene.record(1);
    const { size, root } = await covers(elsewhere, 613);
    expect(Buffer.from(root).toString('base64')).toBe(await expectedRoot(size));
    expect(scene.alarms).toEqual([]);
  });

  it('two sequencers record one line of checkpoints, and both publish it', async () => {
    await scene.record(10);
    const one = scene.open({ folder: join(scene.folder, 'one') });
    const two = scene.open({ folder: join(scene.folder, 'two') });
    for (let round = 0; round < 10; round++) {
      await scene.record(20);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await vi.waitFor(() => expect(one.checkpoints.latest?.size).toBe(two.checkpoints.latest?.size), 30_000);
    const last = await covers(one, 210);
    await vi.waitFor(() => expect(two.checkpoints.latest?.note).toBe(last.note), 30_000);
    const sizes = (await recorded()).map(({ size }) => Number(size));
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
    expect([one.phase, two.phase, ...scene.alarms]).toEqual(['running', 'running']);
  });
});
