import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leavesOf, logInMemory, rootByDefinition } from '#tlog/tlog.fixture.js';
import { rangeProof, rootsFromRange } from './range-proof.js';

const LEAVES = leavesOf(700);

const someRange = fc
  .integer({ min: 0, max: LEAVES.length })
  .chain((size) =>
    fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size }), fc.integer({ min: 0, max: size })),
  )
  .map(([size, one, other]) => ({ size, from: Math.min(one, other), to: Math.max(one, other) }));

describe('a proof of a range', () => {
  it('gives the root of the tree, and of each smaller tree that ends in the range', async () => {
    await fc.assert(
      fc.asyncProperty(someRange, fc.nat(), async ({ size, from, to }, pick) => {
        const { readTile } = logInMemory(LEAVES.slice(0, size));
        const proof = await rangeProof(from, to, size, readTile);
        const between = from + (pick % (to - from + 1));
        const roots = rootsFromRange(proof, Buffer.concat(LEAVES.slice(from, to)), size, [between]);
        expect(roots?.root).toEqual(rootByDefinition(LEAVES.slice(0, size)));
        if (between > 0) expect(roots?.at.get(between)).toEqual(rootByDefinition(LEAVES.slice(0, between)));
      }),
      { numRuns: 60 },
    );
  });

  it('is none for a missing, added, or moved leaf', async () => {
    await fc.assert(
      fc.asyncProperty(someRange, async ({ size, from, to }) => {
        fc.pre(to - from >= 2);
        const { readTile } = logInMemory(LEAVES.slice(0, size));
        const proof = await rangeProof(from, to, size, readTile);
        const leaves = LEAVES.slice(from, to);
        const root = rootByDefinition(LEAVES.slice(0, size));
        expect(rootsFromRange(proof, Buffer.concat(leaves.slice(1)), size)).toBeUndefined();
        expect(
          rootsFromRange(proof, Buffer.concat([...leaves, ...leaves.slice(0, 1)]), size),
        ).toBeUndefined();
        expect(
          rootsFromRange({ ...proof, to: to - 1 }, Buffer.concat(leaves.slice(1)), size)?.root,
        ).not.toEqual(root);
        expect(rootsFromRange(proof, Buffer.concat(leaves.toReversed()), size)?.root).not.toEqual(root);
      }),
      { numRuns: 60 },
    );
  });
});
