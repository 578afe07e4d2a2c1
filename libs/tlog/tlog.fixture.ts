import { hash } from 'node:crypto';
import { EMPTY_ROOT, type Hash, leafHash, splitPoint } from './merkle.js';
import type { ReadTile } from './proof.js';
import { TILE_WIDTH, tilePath } from './tile.js';
import { EMPTY_TREE, growTree, type TreeState } from './tree.js';

/** MTH as RFC 6962 section 2.1 defines it, word for word and slowly: what the tree is compared with. */
export const rootByDefinition = (leaves: readonly Hash[]): Hash => {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Hash;
  const k = splitPoint(leaves.length);
  const [left, right] = [rootByDefinition(leaves.slice(0, k)), rootByDefinition(leaves.slice(k))];
  return hash('sha256', Buffer.concat([Buffer.from([1]), left, right]), 'buffer');
};

export const leavesOf = (count: number): Hash[] =>
  Array.from({ length: count }, (_, index) => leafHash(Buffer.from(`entry ${index}`)));

/** A log in memory: its tiles by path. Grows in steps of the given sizes. */
export const logInMemory = (leaves: readonly Hash[], steps: readonly number[] = [leaves.length]) => {
  const files = new Map<string, Uint8Array>();
  let state: TreeState = EMPTY_TREE;
  for (const step of steps) {
    const grown = growTree(state, leaves.slice(state.size, state.size + step));
    for (const { ref, bytes } of grown.tiles) files.set(tilePath(ref), bytes);
    state = grown.state;
  }
  const readTile: ReadTile = async (ref) => {
    const found = files.get(tilePath(ref)) ?? files.get(tilePath({ ...ref, width: TILE_WIDTH }));
    if (found === undefined) throw new Error(`no tile ${tilePath(ref)}`);
    return found;
  };
  return { state, files, readTile };
};
