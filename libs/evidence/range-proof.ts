import { EMPTY_ROOT, HASH_BYTES, type Hash, nodeHash } from '#tlog/merkle.js';
import type { ReadTile } from '#tlog/proof.js';
import { perfectRoot, TILE_WIDTH } from '#tlog/tile.js';

/**
 * That the entries [from, to) are exactly those at these places of a log of `size`: the roots of the perfect subtrees
 * to the left and to the right of them. With the leaves between they make the root (RFC 6962 section 2.1).
 */
export interface RangeProof {
  readonly from: number;
  readonly to: number;
  readonly left: readonly Hash[];
  readonly right: readonly Hash[];
}

/** Sizes of the largest aligned perfect subtrees that make up [from, to), in order. */
export const perfectParts = (from: number, to: number): number[] => {
  const parts: number[] = [];
  for (let at = from; at < to; ) {
    let count = 1;
    while (at % (count * 2) === 0 && at + count * 2 <= to) count *= 2;
    parts.push(count);
    at += count;
  }
  return parts;
};

/** @throws whatever `readTile` throws */
export const rangeProof = async (
  from: number,
  to: number,
  size: number,
  readTile: ReadTile,
): Promise<RangeProof> => ({
  from,
  to,
  left: await rootsOf(0, from, size, readTile),
  right: await rootsOf(to, size, size, readTile),
});

const rootsOf = async (from: number, to: number, size: number, readTile: ReadTile): Promise<Hash[]> => {
  const roots: Hash[] = [];
  let at = from;
  for (const count of perfectParts(from, to)) {
    roots.push(await perfectSubtree(at, count, size, readTile));
    at += count;
  }
  return roots;
};

const perfectSubtree = async (
  from: number,
  count: number,
  size: number,
  readTile: ReadTile,
): Promise<Hash> => {
  const height = Math.log2(count);
  const level = Math.floor(height / 8);
  const leavesPerHash = TILE_WIDTH ** level;
  const first = from / leavesPerHash;
  const index = Math.floor(first / TILE_WIDTH);
  const width = Math.min(TILE_WIDTH, Math.floor(size / leavesPerHash) - index * TILE_WIDTH);
  const tile = await readTile({ level, index, width });
  return perfectRoot(tile, first % TILE_WIDTH, count / leavesPerHash);
};

/** The start of a tree, as the roots of its perfect subtrees; grows by subtrees that are aligned to its end. */
export class CompactTree {
  private readonly roots: { readonly hash: Hash; readonly count: number }[] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(hash: Hash, count = 1): void {
    this.count += count;
    let joined = { hash, count };
    for (;;) {
      const last = this.roots.at(-1);
      if (last?.count !== joined.count) break;
      this.roots.pop();
      joined = { hash: nodeHash(last.hash, joined.hash), count: joined.count * 2 };
    }
    this.roots.push(joined);
  }

  root(): Hash {
    const last = this.roots.at(-1);
    if (last === undefined) return EMPTY_ROOT;
    return this.roots.slice(0, -1).reduceRight((right, { hash }) => nodeHash(hash, right), last.hash);
  }
}

/**
 * Roots that follow from the proof and the leaf hashes between: of the whole tree, and of the tree at each of `sizes`
 * that lie in the range. Undefined when the proof is not one for this range and size.
 */
export const rootsFromRange = (
  { from, to, left, right }: RangeProof,
  leaves: Uint8Array,
  size: number,
  sizes: readonly number[] = [],
): { readonly root: Hash; readonly at: ReadonlyMap<number, Hash> } | undefined => {
  const before = perfectParts(0, from);
  const behind = perfectParts(to, size);
  const fits =
    to <= size &&
    left.length === before.length &&
    right.length === behind.length &&
    leaves.length === (to - from) * HASH_BYTES;
  if (!fits) return undefined;
  const tree = new CompactTree();
  const at = new Map<number, Hash>();
  const wanted = new Set(sizes);
  const note = () => {
    if (wanted.has(tree.size)) at.set(tree.size, tree.root());
  };
  for (const [nth, count] of before.entries()) tree.add(left[nth] as Hash, count);
  if (from > 0) note();
  for (let place = 0; place < leaves.length; place += HASH_BYTES) {
    tree.add(leaves.subarray(place, place + HASH_BYTES));
    note();
  }
  for (const [nth, count] of behind.entries()) tree.add(right[nth] as Hash, count);
  return { root: tree.root(), at };
};
