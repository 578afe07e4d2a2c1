import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventStore } from '#event-store/event-store.js';
import { leafHash, sameHash } from '#tlog/merkle.js';
import type { ReadTile } from '#tlog/proof.js';
import { hashAt, TILE_WIDTH } from '#tlog/tile.js';
import { LogFinding } from './log-finding.js';

/**
 * The first of `size` entries of the store that has not the hash which the tiles have for it; undefined when all have.
 * Reads the store once from the beginning, page by page.
 */
export const firstDifference = async (
  store: EventStore,
  readTile: ReadTile,
  size: number,
): Promise<LogFinding | undefined> => {
  const read = eachOnce(readTile);
  let after: bigint | undefined;
  for (let index = 0; index < size; ) {
    const page = await store.readAll({
      limit: TILE_WIDTH,
      attachments: false,
      ...(after === undefined ? {} : { after }),
    });
    if (page.scannedTo === undefined || page.scannedTo === after)
      return new LogFinding(
        'log_entries_missing',
        index,
        `the store ends before entry ${index}, the log has ${size} entries`,
      );
    for (const { entry } of page.events) {
      if (index === size) return undefined;
      const finding = await compare(entry, index, size, read);
      if (finding !== undefined) return finding;
      index += 1;
    }
    after = page.scannedTo;
    await nextTurn();
  }
  return undefined;
};

const compare = async (
  entry: Uint8Array,
  index: number,
  size: number,
  readTile: ReadTile,
): Promise<LogFinding | undefined> => {
  const tile = Math.floor(index / TILE_WIDTH);
  const width = Math.min(TILE_WIDTH, size - tile * TILE_WIDTH);
  try {
    const hashes = await readTile({ level: 0, index: tile, width });
    if (sameHash(leafHash(entry), hashAt(hashes, index % TILE_WIDTH))) return undefined;
    return new LogFinding(
      'log_entry_differs',
      index,
      `entry ${index} of the store is not the one in the log`,
    );
  } catch (error) {
    if (error instanceof LogFinding) return error;
    throw error;
  }
};

/** Keeps the tile that was read last: entries come in order. */
const eachOnce = (readTile: ReadTile): ReadTile => {
  let last: { readonly index: number; readonly bytes: Promise<Uint8Array> } | undefined;
  return (ref) => {
    if (last?.index !== ref.index) last = { index: ref.index, bytes: readTile(ref) };
    return last.bytes;
  };
};
