import { hash } from 'node:crypto';

/** A SHA-256 hash: 32 bytes. */
export type Hash = Uint8Array;
export const HASH_BYTES = 32;

/** Root of the tree without leaves (RFC 6962 section 2.1): the hash of the empty string. */
export const EMPTY_ROOT: Hash = hash('sha256', '', 'buffer');

/** MTH({d}) of RFC 6962 section 2.1: SHA-256(0x00 || entry). */
export const leafHash = (entry: Uint8Array): Hash => {
  const prefixed = Buffer.allocUnsafe(entry.length + 1);
  prefixed[0] = 0x00;
  prefixed.set(entry, 1);
  return hash('sha256', prefixed, 'buffer');
};

const pair = Buffer.alloc(1 + 2 * HASH_BYTES);
pair[0] = 0x01;

/** SHA-256(0x01 || left || right), RFC 6962 section 2.1. */
export const nodeHash = (left: Hash, right: Hash): Hash => {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return hash('sha256', pair, 'buffer');
};

export const sameHash = (one: Hash, other: Hash): boolean => Buffer.compare(one, other) === 0;

/** Largest power of two that is smaller than `size` (RFC 6962 section 2.1). For sizes from 2 to 2^53. */
export const splitPoint = (size: number): number => {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
};
