import { EMPTY_ROOT, HASH_BYTES, type Hash, nodeHash } from './merkle.js';
import { hashesAtLevel, perfectRoot, TILE_BYTES, TILE_WIDTH, type TileRef } from './tile.js';

/** A tree as far as growing it needs: its size and, from level 0 up, the hashes of the partial tile of each level. */
export interface TreeState {
  readonly size: number;
  readonly edge: readonly Uint8Array[];
}

export interface Tile {
  readonly ref: TileRef;
  readonly bytes: Uint8Array;
}

export const EMPTY_TREE: TreeState = { size: 0, edge: [] };

/**
 * Appends leaf hashes. `tiles` are all tiles that a log of the new size has and one of the old size had not, partial
 * ones included: a log that writes them can answer for the new size (C2SP tlog-tiles).
 */
export const growTree = (
  state: TreeState,
  leaves: readonly Hash[],
): { readonly state: TreeState; readonly tiles: readonly Tile[] } => {
  const edge: Uint8Array[] = [];
  const tiles: Tile[] = [];
  let added = leaves;
  for (let level = 0; added.length > 0 || level < state.edge.length; level++) {
    const known = state.edge[level] ?? new Uint8Array();
    if (added.length === 0) {
      edge.push(known);
      continue;
    }
    const hashes = Buffer.concat([known, ...added]);
    const first = Math.floor(hashesAtLevel(state.size, level) / TILE_WIDTH);
    const above: Hash[] = [];
    let at = 0;
    for (; at + TILE_BYTES <= hashes.length; at += TILE_BYTES) {
      const bytes = hashes.subarray(at, at + TILE_BYTES);
      tiles.push({ ref: { level, index: first + at / TILE_BYTES, width: TILE_WIDTH }, bytes });
      above.push(perfectRoot(bytes, 0, TILE_WIDTH));
    }
    const rest = hashes.subarray(at);
    const width = rest.length / HASH_BYTES;
    if (width > 0) tiles.push({ ref: { level, index: first + at / TILE_BYTES, width }, bytes: rest });
    edge.push(rest);
    added = above;
  }
  return { state: { size: state.size + leaves.length, edge }, tiles };
};

/** Root of the whole tree, RFC 6962 section 2.1. */
export const rootOf = ({ edge }: TreeState): Hash => {
  let root: Hash | undefined;
  // From the smallest perfect subtree on the right to the largest on the left.
  for (const hashes of edge) {
    let end = hashes.length / HASH_BYTES;
    for (let count = 1; end > 0; count *= 2) {
      if (end % (count * 2) === 0) continue;
      end -= count;
      const subtree = perfectRoot(hashes, end, count);
      root = root === undefined ? subtree : nodeHash(subtree, root);
    }
  }
  return root ?? EMPTY_ROOT;
};

/** The partial tiles of a tree of this size, level by level: what has to be read to go on growing it. */
export const edgeRefs = (size: number): readonly TileRef[] => {
  const refs: TileRef[] = [];
  for (let level = 0; hashesAtLevel(size, level) > 0; level++) {
    const hashes = hashesAtLevel(size, level);
    refs.push({ level, index: Math.floor(hashes / TILE_WIDTH), width: hashes % TILE_WIDTH });
  }
  return refs.filter(({ width }) => width > 0);
};

/** The state of a tree of this size from its partial tiles. */
export const loadTree = async (
  size: number,
  readTile: (ref: TileRef) => Promise<Uint8Array>,
): Promise<TreeState> => {
  const edge: Uint8Array[] = [];
  for (const ref of edgeRefs(size)) {
    while (edge.length < ref.level) edge.push(new Uint8Array());
    edge.push(await readTile(ref));
  }
  return { size, edge };
};
