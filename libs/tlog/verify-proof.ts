import { EMPTY_ROOT, HASH_BYTES, type Hash, nodeHash, sameHash, splitPoint } from './merkle.js';

export type ProofErrorCode = 'proof_malformed' | 'inclusion_invalid' | 'consistency_invalid';

export class ProofError extends Error {
  override readonly name = 'ProofError';
  constructor(
    readonly code: ProofErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Longest proof of any tree below 2^63 leaves. */
export const PROOF_HASHES_MAX = 63;

export interface Inclusion {
  readonly leaf: Hash;
  readonly index: number;
  readonly size: number;
  readonly root: Hash;
  /** From the leaf's sibling up. */
  readonly proof: readonly Hash[];
}

/** RFC 6962 section 2.1.1. @throws ProofError */
export const verifyInclusion = ({ leaf, index, size, root, proof }: Inclusion): void => {
  if (!(Number.isSafeInteger(size) && Number.isSafeInteger(index) && index >= 0 && index < size))
    throw new ProofError('inclusion_invalid', `index ${index} is not in a tree of ${size}`);
  const hashes = new ProofHashes(proof);
  const computed = rootFrom(leaf, index, size, hashes);
  hashes.assertUsedUp();
  if (!sameHash(computed, root))
    throw new ProofError('inclusion_invalid', `entry ${index} is not in the tree of ${size}`);
};

const rootFrom = (leaf: Hash, index: number, size: number, proof: ProofHashes): Hash => {
  if (size === 1) return leaf;
  const sibling = proof.takeLast();
  const middle = splitPoint(size);
  return index < middle
    ? nodeHash(rootFrom(leaf, index, middle, proof), sibling)
    : nodeHash(sibling, rootFrom(leaf, index - middle, size - middle, proof));
};

export interface Consistency {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Hash;
  readonly secondRoot: Hash;
  readonly proof: readonly Hash[];
}

/** RFC 6962 section 2.1.2: the tree of `second` leaves begins with the tree of `first` leaves. @throws ProofError */
export const verifyConsistency = ({ first, second, firstRoot, secondRoot, proof }: Consistency): void => {
  if (!(Number.isSafeInteger(second) && Number.isSafeInteger(first) && first >= 0 && first <= second))
    throw new ProofError('consistency_invalid', `no tree of ${second} extends one of ${first}`);
  const hashes = new ProofHashes(proof);
  const [before, after] =
    first === 0 ? [EMPTY_ROOT, secondRoot] : bothRoots(first, second, firstRoot, hashes);
  hashes.assertUsedUp();
  if (!sameHash(before, firstRoot) || !sameHash(after, secondRoot))
    throw new ProofError('consistency_invalid', `the tree of ${second} does not extend the one of ${first}`);
};

/** `known`: the old root, as long as the subtree looked at is the old tree itself. */
const bothRoots = (
  first: number,
  size: number,
  known: Hash | undefined,
  proof: ProofHashes,
): readonly [Hash, Hash] => {
  if (first === size) {
    const hash = known ?? proof.takeLast();
    return [hash, hash];
  }
  const sibling = proof.takeLast();
  const middle = splitPoint(size);
  if (first <= middle) {
    const [before, after] = bothRoots(first, middle, known, proof);
    return [before, nodeHash(after, sibling)];
  }
  const [before, after] = bothRoots(first - middle, size - middle, undefined, proof);
  return [nodeHash(sibling, before), nodeHash(sibling, after)];
};

class ProofHashes {
  private left: number;

  constructor(private readonly hashes: readonly Hash[]) {
    this.left = hashes.length;
    if (hashes.length > PROOF_HASHES_MAX || hashes.some((hash) => hash.length !== HASH_BYTES))
      throw new ProofError('proof_malformed', 'the proof is not a short list of SHA-256 hashes');
  }

  takeLast(): Hash {
    this.left -= 1;
    const hash = this.hashes[this.left];
    if (hash === undefined) throw new ProofError('proof_malformed', 'the proof is too short');
    return hash;
  }

  assertUsedUp(): void {
    if (this.left !== 0) throw new ProofError('proof_malformed', 'the proof is too long');
  }
}
