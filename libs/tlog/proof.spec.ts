import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Hash, sameHash } from './merkle.js';
import { consistencyProof, inclusionProof } from './proof.js';
import { leavesOf, logInMemory, rootByDefinition } from './tlog.fixture.js';
import { ProofError, verifyConsistency, verifyInclusion } from './verify-proof.js';

const SIZE_MAX = 700;
const leaves = leavesOf(SIZE_MAX);
const size = fc.integer({ min: 1, max: SIZE_MAX });
const logs = new Map<number, ReturnType<typeof logInMemory>>();
const logOf = (count: number) => {
  const known = logs.get(count) ?? logInMemory(leaves.slice(0, count));
  logs.set(count, known);
  return known;
};
const roots = new Map<number, Hash>();
const rootOfFirst = (count: number): Hash => {
  const known = roots.get(count) ?? rootByDefinition(leaves.slice(0, count));
  roots.set(count, known);
  return known;
};

/** All ways to spoil a proof a little. */
const spoilt = (proof: readonly Hash[], at: number, bit: number): (readonly Hash[])[] => {
  const flipped = proof.map((hash, index) => {
    if (index !== at % Math.max(1, proof.length)) return hash;
    const copy = Uint8Array.from(hash);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  });
  const others = [proof.slice(1), proof.slice(0, -1), [...proof, leaves[0] as Hash], [...proof].reverse()];
  return [flipped, ...others].filter(
    (other) =>
      other.length !== proof.length || other.some((hash, index) => !sameHash(hash, proof[index] as Hash)),
  );
};

describe('an inclusion proof', () => {
  it('is accepted for its entry, and for no other entry, index, size, root or change of itself', async () => {
    const change = fc.tuple(fc.nat(SIZE_MAX), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(size, fc.nat(SIZE_MAX), change, async (n, any, [at, bit]) => {
        const index = any % n;
        const good = {
          leaf: leaves[index] as Hash,
          index,
          size: n,
          root: rootOfFirst(n),
          proof: await inclusionProof(index, n, logOf(n).readTile),
        };
        verifyInclusion(good);
        const other = (index + 1) % n;
        const bad = spoilt(good.proof, at, bit).map((proof) => ({ ...good, proof }));
        if (other !== index)
          bad.push(
            { ...good, index: other },
            { ...good, leaf: leaves[other] as Hash, proof: [...good.proof] },
          );
        bad.push({ ...good, root: leaves[0] as Hash, ...(n === 1 ? { leaf: leaves[1] as Hash } : {}) });
        bad.push({ ...good, index: n }, { ...good, index: -1 }, { ...good, size: 0 });
        for (const wrong of bad) expect(() => verifyInclusion(wrong)).toThrow(ProofError);
      }),
      { numRuns: 300 },
    );
  });

  it('is not made for an entry behind the end', async () => {
    await expect(inclusionProof(5, 5, logOf(5).readTile)).rejects.toThrow(RangeError);
  });
});

describe('a consistency proof', () => {
  it('is accepted for the two trees it was made for, and no others', async () => {
    const change = fc.tuple(fc.nat(SIZE_MAX), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(size, fc.nat(SIZE_MAX), change, async (second, any, [at, bit]) => {
        const first = 1 + (any % second);
        const good = {
          first,
          second,
          firstRoot: rootOfFirst(first),
          secondRoot: rootOfFirst(second),
          proof: await consistencyProof(first, second, logOf(second).readTile),
        };
        verifyConsistency(good);
        const bad = spoilt(good.proof, at, bit).map((proof) => ({ ...good, proof }));
        const wrongRoot = leaves[SIZE_MAX - 1] as Hash;
        bad.push({ ...good, firstRoot: wrongRoot }, { ...good, secondRoot: wrongRoot });
        if (first < second) bad.push({ ...good, first: second, second: first });
        for (const wrong of bad) expect(() => verifyConsistency(wrong)).toThrow(ProofError);
      }),
      { numRuns: 300 },
    );
  });

  it('of the empty tree is empty, and needs the root of the empty tree', async () => {
    const proof = await consistencyProof(0, 9, logOf(9).readTile);
    expect(proof).toEqual([]);
    const claim = { first: 0, second: 9, secondRoot: rootOfFirst(9), proof };
    verifyConsistency({ ...claim, firstRoot: rootByDefinition([]) });
    expect(() => verifyConsistency({ ...claim, firstRoot: rootOfFirst(1) })).toThrow(ProofError);
  });
});
