import { join } from 'node:path';
import type { StoredEvent } from '#event-store/event-store.js';
import { type Hash, leafHash, sameHash } from '#tlog/merkle.js';
import { consistencyProof, inclusionProof, type ReadTile, rootAt } from '#tlog/proof.js';
import {
  BUNDLED_ENTRY_BYTES_MAX,
  decodeBundle,
  ENTRIES_LEVEL,
  encodeBundle,
  hashAt,
  hashesAtLevel,
  TILE_WIDTH,
  type TileRef,
} from '#tlog/tile.js';
import { EMPTY_TREE, growTree, loadTree, rootOf, type Tile, type TreeState } from '#tlog/tree.js';
import { DurableFiles } from './durable-files.js';
import { LogFinding } from './log-finding.js';
import { Positions } from './positions.js';
import { NOWHERE, type Reached } from './steps.js';
import { TileFiles } from './tile-files.js';

/** The Merkle tree over the entries in store order: grown in memory, kept as tiles in a folder. */
export class LogTree {
  private state: TreeState = EMPTY_TREE;
  /** Tiles that are not on the disk yet, the widest of each place. */
  private pending = new Map<string, Tile>();
  /** Entries of the bundle that is not full yet. */
  private bundle: Uint8Array[] = [];
  private new_positions: bigint[] = [];
  private durable_size = 0;
  private last_position: bigint | undefined;
  /** Full tiles on the disk whose partial ones have become useless. */
  private completed: TileRef[] = [];

  private constructor(
    readonly files: DurableFiles,
    private readonly tiles: TileFiles,
    readonly positions: Positions,
    private readonly reached: Reached,
  ) {}

  static async open(folder: string, reached: Reached = NOWHERE): Promise<LogTree> {
    const files = await DurableFiles.open(folder, reached);
    return new LogTree(files, new TileFiles(files), await Positions.open(join(folder, 'positions')), reached);
  }

  get size(): number {
    return this.state.size;
  }

  /** Store position of the last entry. */
  get lastPosition(): bigint | undefined {
    return this.last_position;
  }

  /** Entries that are on the disk whole. */
  get durableSize(): number {
    return this.durable_size;
  }

  root(): Hash {
    return rootOf(this.state);
  }

  /**
   * Goes on from what the disk has, if the first `size` entries there have this root.
   * @throws LogFinding when they have not
   */
  async resume(size: number, root: Hash): Promise<void> {
    if (this.positions.count < size)
      throw new LogFinding('log_tile_missing', this.positions.count, 'positions of entries are missing');
    const state = await loadTree(size, this.fromDisk);
    if (!sameHash(rootOf(state), root))
      throw new LogFinding(
        'log_tile_differs',
        0,
        `the tiles do not give the root of the checkpoint of ${size}`,
      );
    this.bundle = await this.loadBundle(size, state);
    this.last_position = size === 0 ? undefined : await this.positions.at(size - 1);
    this.positions.cut(size);
    this.state = state;
    this.durable_size = size;
  }

  /** @throws LogFinding log_entry_too_large; nothing of the page is taken then */
  add(events: readonly StoredEvent[]): void {
    const too_large = events.findIndex(({ entry }) => entry.length > BUNDLED_ENTRY_BYTES_MAX);
    if (too_large >= 0)
      throw new LogFinding('log_entry_too_large', this.size + too_large, 'an entry does not fit a bundle');
    const { state, tiles } = growTree(
      this.state,
      events.map(({ entry }) => leafHash(entry)),
    );
    for (const tile of tiles) this.keep(tile);
    for (const [nth, { entry, position }] of events.entries()) {
      this.new_positions.push(position);
      this.bundle.push(entry);
      if (this.bundle.length === TILE_WIDTH) this.endBundle(this.state.size + nth + 1);
    }
    this.state = state;
    this.last_position = events.at(-1)?.position ?? this.last_position;
  }

  /** Puts the tree on the disk. With `full_only` the tiles at the edge stay in memory. */
  async flush({ full_only = false } = {}): Promise<void> {
    const tiles = [...this.pending.values()];
    if (!full_only && this.bundle.length > 0) tiles.push(this.partialBundle());
    const now = tiles.filter(({ ref }) => !full_only || ref.width === TILE_WIDTH);
    await this.tiles.write(now);
    // Tiles beyond the last recorded checkpoint are written again with the same bytes after a crash here.
    this.reached('tiles_durable');
    this.completed.push(...now.map(({ ref }) => ref).filter(({ width }) => width === TILE_WIDTH));
    this.pending = new Map([...this.pending].filter(([, tile]) => !now.includes(tile)));
    if (this.new_positions.length > 0) await this.positions.add(this.new_positions);
    this.new_positions = [];
    this.durable_size = full_only ? this.size - (this.size % TILE_WIDTH) : this.size;
    // The log could answer for this size, but nobody has been told of it.
    this.reached('positions_durable');
  }

  /** Call when nobody can ask for the sizes any more that only partial tiles have. */
  async removeStaleTiles(): Promise<void> {
    for (const ref of this.completed.splice(0)) await this.tiles.removePartials(ref);
  }

  readonly readTile: ReadTile = async (ref) => {
    const known = this.pending.get(keyOf(ref));
    // Level by level the bytes of a tile are its hashes in order, so a wider one begins with a narrower one.
    if (known !== undefined && ref.level !== ENTRIES_LEVEL && known.ref.width >= ref.width)
      return known.bytes.subarray(0, ref.width * 32);
    return this.tiles.read(ref);
  };

  /** As it is on the disk, whatever is in memory. */
  readonly fromDisk: ReadTile = (ref) => this.tiles.read(ref);

  rootAt(size: number): Promise<Hash> {
    return rootAt(size, this.readTile);
  }

  inclusion(index: number, size: number): Promise<readonly Hash[]> {
    return inclusionProof(index, size, this.readTile);
  }

  consistency(first: number, second: number): Promise<readonly Hash[]> {
    return consistencyProof(first, second, this.readTile);
  }

  /** Bytes of an entry that is on the disk. @throws LogFinding, RangeError */
  async entry(index: number): Promise<Uint8Array> {
    if (!(index >= 0 && index < this.durableSize)) throw new RangeError(`there is no entry ${index}`);
    const bundle = await this.tiles.read(bundleOf(index, this.durableSize));
    return decodeBundle(bundle)[index % TILE_WIDTH] as Uint8Array;
  }

  close(): Promise<void> {
    return this.positions.close();
  }

  private keep(tile: Tile): void {
    this.pending.set(keyOf(tile.ref), tile);
  }

  private endBundle(size: number): void {
    const ref = { level: ENTRIES_LEVEL, index: size / TILE_WIDTH - 1, width: TILE_WIDTH };
    this.keep({ ref, bytes: encodeBundle(this.bundle) });
    this.bundle = [];
  }

  private partialBundle(): Tile {
    const index = Math.floor(this.size / TILE_WIDTH);
    const ref = { level: ENTRIES_LEVEL, index, width: this.bundle.length };
    return { ref, bytes: encodeBundle(this.bundle) };
  }

  private async loadBundle(size: number, { edge }: TreeState): Promise<Uint8Array[]> {
    const width = size % TILE_WIDTH;
    if (width === 0) return [];
    const index = Math.floor(size / TILE_WIDTH);
    const entries = decodeBundle(await this.tiles.read({ level: ENTRIES_LEVEL, index, width }));
    const hashes = edge[0] ?? new Uint8Array();
    const wrong = entries.findIndex((entry, nth) => !sameHash(leafHash(entry), hashAt(hashes, nth)));
    if (wrong >= 0)
      throw new LogFinding(
        'log_tile_differs',
        index * TILE_WIDTH + wrong,
        'a bundled entry has another hash',
      );
    return entries;
  }
}

/** The bundle of entry `index` as a log of `size` entries has it. */
export const bundleOf = (index: number, size: number): TileRef => {
  const tile = Math.floor(index / TILE_WIDTH);
  return {
    level: ENTRIES_LEVEL,
    index: tile,
    width: Math.min(TILE_WIDTH, hashesAtLevel(size, 0) - tile * TILE_WIDTH),
  };
};

const keyOf = ({ level, index }: TileRef): string => `${level}/${index}`;
