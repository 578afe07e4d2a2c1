import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_ROOT } from './merkle.js';
import { rootAt } from './proof.js';
import { leavesOf, logInMemory, rootByDefinition } from './tlog.fixture.js';
import { EMPTY_TREE, growTree, loadTree, rootOf } from './tree.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a tree', () => {
  it('without leaves has the hash of the empty string as its root', () => {
    expect(hex(rootOf(EMPTY_TREE))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(rootOf(EMPTY_TREE)).toEqual(EMPTY_ROOT);
  });

  it('has the root that RFC 6962 defines, at every size around the borders of tiles', () => {
    const leaves = leavesOf(66_000);
    for (const size of [1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 769, 65_535, 65_536, 65_537, 66_000])
      expect(hex(rootOf(logInMemory(leaves.slice(0, size)).state)), `size ${size}`).toBe(
        hex(rootByDefinition(leaves.slice(0, size))),
      );
  });

  it('is the same whatever the steps it grew in, and can be gone on with from its partial tiles', async () => {
    const leaves = leavesOf(1_400);
    const steps = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 200 }), async (sizes, more) => {
        const size = Math.min(
          1_200,
          sizes.reduce((sum, step) => sum + step, 0),
        );
        const { state, readTile } = logInMemory(leaves.slice(0, size), sizes);
        expect(hex(rootOf(state))).toBe(hex(rootByDefinition(leaves.slice(0, size))));
        const resumed = await loadTree(size, readTile);
        const grown = growTree(resumed, leaves.slice(size, size + more)).state;
        expect(hex(rootOf(grown))).toBe(hex(rootByDefinition(leaves.slice(0, size + more))));
      }),
      { numRuns: 100 },
    );
  });

  it('keeps the roots of all its earlier sizes', async () => {
    const leaves = leavesOf(600);
    const { readTile } = logInMemory(leaves);
    for (let size = 0; size <= 600; size += 7)
      expect(hex(await rootAt(size, wholeTiles(readTile, 600)))).toBe(
        hex(rootByDefinition(leaves.slice(0, size))),
      );
  });
});

/** Only tiles of the newest size are there, as after an append of everything at once. */
const wholeTiles =
  (readTile: Parameters<typeof rootAt>[1], size: number): typeof readTile =>
  (ref) =>
    readTile({
      ...ref,
      width: Math.min(256, Math.floor(size / 256 ** ref.level) - ref.index * 256),
    });
