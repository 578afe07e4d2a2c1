import type { EventStore } from '#event-store/event-store.js';
import { leafHash, sameHash } from '#tlog/merkle.js';
import { inclusionProof, rootAt } from '#tlog/proof.js';
import { decodeBundle, ENTRIES_LEVEL, hashAt, perfectRoot, TILE_WIDTH } from '#tlog/tile.js';
import { verifyInclusion } from '#tlog/verify-proof.js';
import { firstDifference } from './first-difference.js';
import { LogFinding } from './log-finding.js';
import type { LogTree } from './log-tree.js';
import type { SignedCheckpoint, SignedCheckpoints } from './signed-checkpoints.js';

/** A step each second over 8 tiles reads ten million entries in an hour and a half, for about a hundredth of a core. */
const STEP_EVERY_MS = 1_000;
const STEP_ENTRIES = 8 * TILE_WIDTH;

export interface SelfCheckOptions {
  readonly store: EventStore;
  readonly tree: LogTree;
  readonly checkpoints: SignedCheckpoints;
  readonly self_check?: { readonly every_ms: number; readonly entries: number };
}

/**
 * Reads the store again, round after round and the newest entries in every step, and compares it with the tiles on the
 * disk, and those with the signed checkpoint.
 */
export class SelfCheck {
  private readonly every_ms: number;
  private readonly entries: number;
  private next = 0;
  private last_step_at = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: SelfCheckOptions) {
    this.every_ms = options.self_check?.every_ms ?? STEP_EVERY_MS;
    this.entries = options.self_check?.entries ?? STEP_ENTRIES;
  }

  /** Does nothing when it is not time for it. @throws LogFinding */
  async step(): Promise<void> {
    const signed = this.options.checkpoints.latest;
    if (signed === undefined || signed.size === 0 || performance.now() - this.last_step_at < this.every_ms)
      return;
    this.last_step_at = performance.now();
    try {
      await this.check(signed);
    } catch (error) {
      throw error instanceof LogFinding ? await this.first(error, signed.size) : error;
    }
  }

  /** What was found may not be the first that is wrong. */
  private async first(found: LogFinding, size: number): Promise<LogFinding> {
    const { store, tree } = this.options;
    const first = await firstDifference(store, tree.fromDisk, size);
    if (first === undefined || first.index >= found.index || first.kind === 'log_tile_missing') return found;
    return found.kind.startsWith('log_tile') ? new LogFinding(found.kind, first.index, found.message) : first;
  }

  private async check(signed: SignedCheckpoint): Promise<void> {
    await this.checkRange(Math.max(0, signed.size - TILE_WIDTH), signed.size, signed);
    const end = Math.min(this.next + this.entries, signed.size);
    await this.checkRange(this.next, end, signed);
    this.next = end;
    if (end < signed.size) return;
    await this.checkTop(signed);
    this.next = 0;
  }

  /** Entries `from` to `end`, in order, in the store and on the disk. */
  private async checkRange(from: number, end: number, signed: SignedCheckpoint): Promise<void> {
    const { store, tree } = this.options;
    let after = from === 0 ? undefined : await tree.positions.at(from - 1);
    for (let index = from; index < end; ) {
      const limit = Math.min(TILE_WIDTH - (index % TILE_WIDTH), end - index);
      const page = await store.readAll({
        limit,
        attachments: false,
        ...(after === undefined ? {} : { after }),
      });
      if (page.events.length === 0 && (page.scannedTo === undefined || page.scannedTo === after))
        throw new LogFinding('log_entries_missing', index, `the store ends before entry ${index}`);
      const positions = await tree.positions.range(index, index + page.events.length);
      await this.checkTile(
        index,
        page.events.map(({ entry }) => leafHash(entry)),
        signed,
      );
      const moved = page.events.findIndex(({ position }, nth) => position !== positions[nth]);
      if (moved >= 0)
        throw new LogFinding(
          'log_position_differs',
          index + moved,
          `entry ${index + moved} lies elsewhere in the store than it did`,
        );
      index += page.events.length;
      after = page.scannedTo;
    }
  }

  /** `leaves`: hashes of the store's entries from `index` on, within one tile. */
  private async checkTile(
    index: number,
    leaves: readonly Uint8Array[],
    signed: SignedCheckpoint,
  ): Promise<void> {
    const { tree } = this.options;
    const tile = Math.floor(index / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, signed.size - tile * TILE_WIDTH);
    const hashes = await tree.fromDisk({ level: 0, index: tile, width });
    const first = index % TILE_WIDTH;
    const wrong = leaves.findIndex((leaf, nth) => !sameHash(leaf, hashAt(hashes, first + nth)));
    if (wrong >= 0) throw await this.whoseFault(index + wrong, signed);
    const bundle = decodeBundle(await tree.fromDisk({ level: ENTRIES_LEVEL, index: tile, width }));
    const bad = bundle.findIndex((entry, nth) => !sameHash(leafHash(entry), hashAt(hashes, nth)));
    if (bad >= 0)
      throw new LogFinding('log_tile_differs', tile * TILE_WIDTH + bad, 'a bundled entry has another hash');
    if (width < TILE_WIDTH) return;
    const above = await tree.readTile({
      level: 1,
      index: Math.floor(tile / TILE_WIDTH),
      width: (tile % TILE_WIDTH) + 1,
    });
    if (!sameHash(perfectRoot(hashes, 0, TILE_WIDTH), hashAt(above, tile % TILE_WIDTH)))
      throw new LogFinding('log_tile_differs', tile * TILE_WIDTH, 'the tile above has another hash');
  }

  /** The tiles above and the checkpoint that was published. */
  private async checkTop({ size, root }: SignedCheckpoint): Promise<void> {
    const { tree, checkpoints } = this.options;
    if (!sameHash(await rootAt(size, tree.fromDisk), root))
      throw new LogFinding('log_tile_differs', 0, `the tiles do not give the signed root of ${size}`);
    const published = await checkpoints.read(tree.files).catch(() => undefined);
    if (published === undefined || !sameHash(await tree.rootAt(published.size), published.root))
      throw new LogFinding('log_tile_differs', 0, 'the published checkpoint is not the one that was signed');
  }

  /** Store and tile differ at `index`: whose hash is in the tree that was signed? */
  private async whoseFault(index: number, { size, root }: SignedCheckpoint): Promise<LogFinding> {
    const { fromDisk } = this.options.tree;
    const tile = Math.floor(index / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, size - tile * TILE_WIDTH);
    try {
      const hashes = await fromDisk({ level: 0, index: tile, width });
      const leaf = hashAt(hashes, index % TILE_WIDTH);
      verifyInclusion({ leaf, index, size, root, proof: await inclusionProof(index, size, fromDisk) });
    } catch {
      return new LogFinding(
        'log_tile_differs',
        index,
        `the tile of entry ${index} is not the one that was signed`,
      );
    }
    return new LogFinding(
      'log_entry_differs',
      index,
      `entry ${index} of the store is not the one in the log`,
    );
  }
}
