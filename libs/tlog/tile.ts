import { HASH_BYTES, type Hash, nodeHash } from './merkle.js';

/** Hashes in a full tile (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
export const TILE_BYTES = TILE_WIDTH * HASH_BYTES;
/** "Level" of the bundles that hold the entries themselves. */
export const ENTRIES_LEVEL = -1;
/** Entries are length-prefixed with 16 bits. */
export const BUNDLED_ENTRY_BYTES_MAX = 0xffff;

export interface TileRef {
  /** 0 to 63; ENTRIES_LEVEL for a bundle of entries. */
  readonly level: number;
  readonly index: number;
  /** 1 to 256; below 256 the tile is partial. */
  readonly width: number;
}

/** Path below the log's prefix (C2SP tlog-tiles, "Merkle Tree"), like `tile/0/x001/234.p/17`. */
export const tilePath = ({ level, index, width }: TileRef): string => {
  const place = level === ENTRIES_LEVEL ? 'entries' : String(level);
  const suffix = width === TILE_WIDTH ? '' : `.p/${width}`;
  return `tile/${place}/${indexPath(index)}${suffix}`;
};

const indexPath = (index: number): string => {
  let path = String(index % 1_000).padStart(3, '0');
  for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000))
    path = `x${String(rest % 1_000).padStart(3, '0')}/${path}`;
  return path;
};

const TILE_PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Undefined for anything that tlog-tiles would not name so, also for other spellings of a good path. */
export const parseTilePath = (path: string): TileRef | undefined => {
  const match = TILE_PATH.exec(path);
  if (match === null) return undefined;
  const [, place = '', spelled = '', partial] = match;
  const level = place === 'entries' ? ENTRIES_LEVEL : Number(place);
  const index = Number(spelled.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const isPlain = level <= 63 && Number.isSafeInteger(index) && width <= TILE_WIDTH;
  const ref = { level, index, width };
  return isPlain && tilePath(ref) === path ? ref : undefined;
};

/** Hashes of the level that a tree of `size` leaves has: complete subtrees of 256^level leaves. */
export const hashesAtLevel = (size: number, level: number): number => Math.floor(size / TILE_WIDTH ** level);

/** Bytes of a bundle: each entry behind its length, 16 bits big-endian. @throws RangeError for an entry that is too long */
export const encodeBundle = (entries: readonly Uint8Array[]): Uint8Array => {
  const bundle = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > BUNDLED_ENTRY_BYTES_MAX)
      throw new RangeError(`an entry of ${entry.length} bytes does not fit a bundle`);
    at = bundle.writeUInt16BE(entry.length, at);
    bundle.set(entry, at);
    at += entry.length;
  }
  return bundle;
};

/** @throws RangeError when the bytes end within an entry */
export const decodeBundle = (bundle: Uint8Array): Uint8Array[] => {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 > bundle.length ? Number.POSITIVE_INFINITY : at + 2 + view.getUint16(at);
    if (end > bundle.length) throw new RangeError('the bundle is cut short');
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
};

export const hashAt = (tile: Uint8Array, index: number): Hash =>
  tile.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);

/** Root of the perfect subtree over `count` (a power of two) hashes of a tile, from `first`. */
export const perfectRoot = (tile: Uint8Array, first: number, count: number): Hash => {
  if (count === 1) return hashAt(tile, first);
  const half = count / 2;
  return nodeHash(perfectRoot(tile, first, half), perfectRoot(tile, first + half, half));
};
