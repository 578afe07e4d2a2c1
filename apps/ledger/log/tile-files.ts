import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HASH_BYTES } from '#tlog/merkle.js';
import { decodeBundle, ENTRIES_LEVEL, encodeBundle, TILE_WIDTH, type TileRef, tilePath } from '#tlog/tile.js';
import type { Tile } from '#tlog/tree.js';
import type { DurableFiles } from './durable-files.js';
import { LogFinding } from './log-finding.js';

/** Tiles and bundles of entries on the disk, laid out as C2SP tlog-tiles has them. A tile never gets other bytes. */
export class TileFiles {
  constructor(private readonly files: DurableFiles) {}

  /**
   * A wider tile stands in for a narrower one.
   * @throws LogFinding log_tile_missing, tile_differs when the file has not the length of its width
   */
  async read(ref: TileRef): Promise<Uint8Array> {
    for (const width of [ref.width, TILE_WIDTH]) {
      const bytes = await this.files.read(tilePath({ ...ref, width }));
      if (bytes !== undefined) return firstOf({ ...ref, width }, bytes, ref.width);
    }
    const width = (await this.partialWidths(ref)).find((known) => known > ref.width);
    const bytes = width === undefined ? undefined : await this.files.read(tilePath({ ...ref, width }));
    if (width === undefined || bytes === undefined)
      throw new LogFinding('log_tile_missing', firstIndex(ref), `${tilePath(ref)} is not there`);
    return firstOf({ ...ref, width }, bytes, ref.width);
  }

  /** Durable once this returns. @throws LogFinding log_tile_differs when one is there with other bytes */
  async write(tiles: readonly Tile[]): Promise<void> {
    const missing: Tile[] = [];
    for (const tile of tiles) {
      const known = await this.files.read(tilePath(tile.ref));
      if (known === undefined) missing.push(tile);
      else if (Buffer.compare(known, tile.bytes) !== 0)
        throw new LogFinding(
          'log_tile_differs',
          firstIndex(tile.ref),
          `${tilePath(tile.ref)} has other bytes`,
        );
    }
    if (missing.length > 0)
      await this.files.write(missing.map(({ ref, bytes }) => ({ path: tilePath(ref), bytes })));
  }

  /** Partial tiles may go once the full one is there (C2SP tlog-tiles, "Partial Tiles"). */
  async removePartials(ref: TileRef): Promise<void> {
    await rm(this.folderOfPartials(ref), { recursive: true, force: true });
  }

  private async partialWidths(ref: TileRef): Promise<readonly number[]> {
    const names = await readdir(this.folderOfPartials(ref)).catch(() => []);
    return names.map(Number).sort((one, other) => one - other);
  }

  private folderOfPartials(ref: TileRef): string {
    return join(this.files.folder, `${tilePath({ ...ref, width: TILE_WIDTH })}.p`);
  }
}

/** Index of the first entry below a tile. */
export const firstIndex = ({ level, index }: TileRef): number =>
  index * TILE_WIDTH ** (Math.max(level, 0) + 1);

const firstOf = (ref: TileRef, bytes: Uint8Array, width: number): Uint8Array => {
  if (ref.level === ENTRIES_LEVEL) return firstEntries(ref, bytes, width);
  if (bytes.length !== ref.width * HASH_BYTES)
    throw new LogFinding('log_tile_differs', firstIndex(ref), `${tilePath(ref)} has ${bytes.length} bytes`);
  return bytes.subarray(0, width * HASH_BYTES);
};

const firstEntries = (ref: TileRef, bytes: Uint8Array, width: number): Uint8Array => {
  let entries: Uint8Array[] = [];
  try {
    entries = decodeBundle(bytes);
  } catch {
    // Cut within an entry: not as many as its name says.
  }
  if (entries.length !== ref.width)
    throw new LogFinding(
      'log_tile_differs',
      firstIndex(ref),
      `${tilePath(ref)} does not hold ${ref.width} entries`,
    );
  return width === ref.width ? bytes : encodeBundle(entries.slice(0, width));
};
