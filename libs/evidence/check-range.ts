import { HASH_BYTES, leafHash, sameHash } from '#tlog/merkle.js';
import { decodeBundle, hashAt, TILE_WIDTH } from '#tlog/tile.js';
import type { Earlier } from './check-consistency.js';
import type { Head, KnownRoot } from './check-head.js';
import type { Pack } from './pack.js';
import { bundlePath, type Completeness, RANGE_LEAVES, RANGE_PROOF } from './pack-format.js';
import { type RangeProof, rootsFromRange } from './range-proof.js';
import { countOf, hashOf, listOf, objectOf } from './read-json.js';

export interface LogEntry {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Where bundles of the range begin: at its start and at each multiple of 256, as the log's own bundles do. */
export function* bundleStarts(from: number, to: number): Generator<number> {
  for (let at = from; at < to; at = bundleEnd(at, to)) yield at;
}

export const bundleEnd = (start: number, to: number): number =>
  Math.min(to, (Math.floor(start / TILE_WIDTH) + 1) * TILE_WIDTH);

/** Entries of the range, bundle by bundle; a finding where one has not as many as it should. */
export function* entriesOfRange(pack: Pack, { from, to }: { from: number; to: number }): Generator<LogEntry> {
  let index = from;
  for (const start of bundleStarts(from, to)) {
    const file = bundlePath(start);
    const bundle = pack.bytes(file);
    if (bundle === undefined) return;
    const entries = pack.attempt(file, () => decodeBundle(bundle));
    if (entries === undefined) return;
    for (const bytes of entries) yield { index: index++, bytes };
    const expected = bundleEnd(start, to);
    if (index !== expected) {
      const missing = index < expected ? 'too few' : 'too many';
      pack.findings.add(index < expected ? 'truncated' : 'insertion', `${file} has ${missing} entries`, {
        file,
      });
    }
  }
}

/**
 * All entries of the range stand in the signed tree, at their places, with none left out. `hashes` are the leaf hashes
 * of the entries as they were found. Answers the roots at the sizes asked for, when the range is good.
 */
export const checkRange = (
  pack: Pack,
  head: Head,
  range: NonNullable<Completeness['range']>,
  hashes: Uint8Array,
  earlier: readonly Earlier[],
  sizes: readonly number[],
): readonly KnownRoot[] => {
  const { findings } = pack;
  const proof = readRangeProof(pack);
  const leaves = pack.bytes(RANGE_LEAVES);
  if (proof === undefined || leaves === undefined) return [];
  if (proof.from !== range.from || proof.to !== range.to || range.to > head.size) {
    findings.add('wrong_index', `${RANGE_PROOF} is about another range`, {
      file: RANGE_PROOF,
      index: range.from,
    });
    return [];
  }
  const wanted = [...sizes, ...earlier.map(({ size }) => size)];
  const found = rootsFromRange(proof, hashes, head.size, wanted);
  const isGood = found !== undefined && sameHash(found.root, head.root);
  const listed = isGood ? found : rootsFromRange(proof, leaves, head.size);
  const isListGood = isGood
    ? Buffer.compare(leaves, hashes) === 0
    : listed !== undefined && sameHash(listed.root, head.root);
  if (isGood) {
    if (!isListGood)
      findings.add('proof_invalid', `${RANGE_LEAVES} is not the list of the entries' hashes`, {
        file: RANGE_LEAVES,
      });
    return [...found.at].map(([size, root]) => ({ size, root }));
  }
  if (isListGood) nameDifference(pack, range.from, hashes, leaves);
  else {
    const index = firstUnproven(range.from, earlier, found?.at ?? new Map());
    const message =
      `the entries from ${range.from} to ${range.to} are not those of the signed tree; ` +
      `the first that is wrong is ${index} or later`;
    findings.add('entry_not_in_log', message, { index });
  }
  return [];
};

const readRangeProof = (pack: Pack): RangeProof | undefined =>
  pack.json(RANGE_PROOF, (value) => {
    const { from, to, left, right } = objectOf(value);
    return { from: countOf(from), to: countOf(to), left: listOf(left, hashOf), right: listOf(right, hashOf) };
  });

/** Signed earlier checkpoints inside the range tell how far the entries are good, even when the list of hashes is not. */
const firstUnproven = (
  from: number,
  earlier: readonly Earlier[],
  roots: ReadonlyMap<number, Uint8Array>,
): number => {
  let proven = from;
  for (const { size, root } of earlier) {
    const found = roots.get(size);
    if (found === undefined) continue;
    if (!sameHash(found, root)) break;
    proven = Math.max(proven, size);
  }
  return proven;
};

/** The list of hashes is the signed one, so the first entry that does not fit it is the first bad one. */
const nameDifference = ({ findings }: Pack, from: number, hashes: Uint8Array, leaves: Uint8Array): void => {
  const [found, expected] = [hashes.length / HASH_BYTES, leaves.length / HASH_BYTES];
  let at = 0;
  while (at < Math.min(found, expected) && sameHash(hashAt(hashes, at), hashAt(leaves, at))) at += 1;
  const is = (entry: number, leaf: number): boolean =>
    entry < found && leaf < expected && sameHash(hashAt(hashes, entry), hashAt(leaves, leaf));
  const index = from + at;
  if (at === found) findings.add('deletion', `the entries from ${index} on are missing`, { index });
  else if (is(at, at + 1) && found < expected)
    findings.add('deletion', `entry ${index} is missing`, { index });
  else if (at === expected || (is(at + 1, at) && found > expected))
    findings.add('insertion', `entry ${index} is not in the log`, { index });
  else if (isElsewhere(hashAt(hashes, at), leaves))
    findings.add('reorder', `entry ${index} belongs to another place of the log`, { index });
  else findings.add('entry_not_in_log', `entry ${index} is not the one in the log`, { index });
};

const isElsewhere = (hash: Uint8Array, leaves: Uint8Array): boolean => {
  for (let at = 0; at * HASH_BYTES < leaves.length; at++) if (sameHash(hash, hashAt(leaves, at))) return true;
  return false;
};

/** Leaf hashes collected one by one, without an object for each. */
export class HashList {
  private list = Buffer.alloc(HASH_BYTES * TILE_WIDTH);
  private length = 0;

  add(entry: Uint8Array): void {
    if (this.length === this.list.length)
      this.list = Buffer.concat([this.list, Buffer.alloc(this.list.length)]);
    this.list.set(leafHash(entry), this.length);
    this.length += HASH_BYTES;
  }

  get bytes(): Uint8Array {
    return this.list.subarray(0, this.length);
  }
}
