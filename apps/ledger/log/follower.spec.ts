import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CHECKPOINTS_STREAM, COSIGNATURES_STREAM } from '#core/log/log.events.js';
import { EMPTY_ROOT, leafHash } from '#tlog/merkle.js';
import { EMPTY_TREE, growTree, rootOf } from '#tlog/tree.js';
import { Follower } from './follower.js';
import { allEvents, ORIGIN, openScene } from './log.fixture.js';
import { LogTree } from './log-tree.js';
import { recordAtEnd } from './record-log-event.js';

it('an error of the disk between two events takes no entry twice and leaves out no comparison', async () => {
  const scene = await openScene();
  const root = Buffer.from(EMPTY_ROOT).toString('base64');
  const store = scene.store();
  await scene.record(3);
  const cosigned = { size: 0, root, witness: 'audit', line: 'a line' };
  await recordAtEnd(store, COSIGNATURES_STREAM, { type: 'CheckpointCosigned', v: 1, data: cosigned });
  const wrong = { origin: ORIGIN, size: 2, root };
  await recordAtEnd(store, CHECKPOINTS_STREAM, { type: 'CheckpointRecorded', v: 1, data: wrong });
  const tree = await LogTree.open(join(scene.folder, 'log'));
  let fails = 2;
  const onCosigned = async () => {
    if (fails-- > 0) throw new Error('EIO');
  };
  try {
    const follower = new Follower({ store, tree, origin: ORIGIN, onCosigned });
    await expect(follower.toHead()).rejects.toThrow('EIO');
    await expect(follower.toHead()).rejects.toThrow('EIO');
    await expect(follower.toHead()).rejects.toMatchObject({ kind: 'log_checkpoint_differs' });
    const leaves = (await allEvents(store)).map(({ entry }) => leafHash(entry));
    expect(tree.size).toBe(leaves.length);
    expect(Buffer.compare(tree.root(), rootOf(growTree(EMPTY_TREE, leaves).state))).toBe(0);
  } finally {
    await tree.close();
    await scene.close();
  }
});
