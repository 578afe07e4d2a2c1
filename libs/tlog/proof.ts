import { EMPTY_ROOT, type Hash, nodeHash, splitPoint } from './merkle.js';
import { hashesAtLevel, perfectRoot, TILE_WIDTH, type TileRef } from './tile.js';

/** Gives a tile that a log of the asked size has; a full tile may stand in for a partial one. */
export type ReadTile = (ref: TileRef) => Promise<Uint8Array>;

/** Hashes of subtrees of one tree, each tile read once. */
class Subtrees {
  private readonly tiles = new Map<string, Promise<Uint8Array>>();

  constructor(
    private readonly size: number,
    private readonly readTile: ReadTile,
  ) {}

  /** MTH(D[from:to]) of RFC 6962; `from` is a multiple of the range's largest power of two. */
  async hash(from: number, to: number): Promise<Hash> {
    const count = to - from;
    if (count === 0) return EMPTY_ROOT;
    const height = Math.log2(count);
    if (Number.isInteger(height)) return this.perfect(height, from / count);
    const middle = from + splitPoint(count);
    const [left, right] = await Promise.all([this.hash(from, middle), this.hash(middle, to)]);
    return nodeHash(left, right);
  }

  /** Subtree of 2^height leaves, the `index`-th of its height. */
  private async perfect(height: number, index: number): Promise<Hash> {
    const level = Math.floor(height / 8);
    const count = 2 ** (height % 8);
    const first = index * count;
    const tile = await this.tile(level, Math.floor(first / TILE_WIDTH));
    return perfectRoot(tile, first % TILE_WIDTH, count);
  }

  private tile(level: number, index: number): Promise<Uint8Array> {
    const width = Math.min(TILE_WIDTH, hashesAtLevel(this.size, level) - index * TILE_WIDTH);
    const key = `${level}/${index}`;
    const known = this.tiles.get(key) ?? this.readTile({ level, index, width });
    this.tiles.set(key, known);
    return known;
  }
}

/** Root of the first `size` leaves of a log that has at least as many. */
export const rootAt = (size: number, readTile: ReadTile): Promise<Hash> =>
  new Subtrees(size, readTile).hash(0, size);

/** PATH(index, D[size]) of RFC 6962 section 2.1.1, from the leaf's sibling up. @throws RangeError */
export const inclusionProof = async (
  index: number,
  size: number,
  readTile: ReadTile,
): Promise<readonly Hash[]> => {
  if (!(index >= 0 && index < size)) throw new RangeError(`index ${index} is not in a tree of ${size}`);
  const subtrees = new Subtrees(size, readTile);
  const wanted: Promise<Hash>[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      wanted.unshift(subtrees.hash(middle, to));
      to = middle;
    } else {
      wanted.unshift(subtrees.hash(from, middle));
      from = middle;
    }
  }
  return Promise.all(wanted);
};

/** PROOF(first, D[second]) of RFC 6962 section 2.1.2; empty for first = 0 and first = second. @throws RangeError */
export const consistencyProof = async (
  first: number,
  second: number,
  readTile: ReadTile,
): Promise<readonly Hash[]> => {
  if (!(first >= 0 && first <= second)) throw new RangeError(`no tree of ${second} extends one of ${first}`);
  if (first === 0 || first === second) return [];
  const subtrees = new Subtrees(second, readTile);
  const wanted: Promise<Hash>[] = [];
  let from = 0;
  let to = second;
  while (first !== to) {
    const middle = from + splitPoint(to - from);
    if (first <= middle) {
      wanted.unshift(subtrees.hash(middle, to));
      to = middle;
    } else {
      wanted.unshift(subtrees.hash(from, middle));
      from = middle;
    }
  }
  // The old tree itself is not sent when it is one of the new tree's subtrees.
  if (from > 0) wanted.unshift(subtrees.hash(from, to));
  return Promise.all(wanted);
};
