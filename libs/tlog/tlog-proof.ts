import { HASH_BYTES, type Hash } from './merkle.js';
import { strictBase64 } from './note-text.js';
import { PROOF_HASHES_MAX, ProofError } from './verify-proof.js';

/** A receipt: that an entry is in a log, checkable offline against the log's and the witnesses' keys (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  /** From the leaf's sibling up. */
  readonly hashes: readonly Hash[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
  /** For people; not authenticated. */
  readonly extra?: Uint8Array;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';

export const formatTlogProof = ({ index, hashes, checkpoint, extra }: TlogProof): string => {
  const about = extra === undefined ? '' : `extra ${Buffer.from(extra).toString('base64')}\n`;
  const lines = hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`);
  return `${FIRST_LINE}\n${about}index ${index}\n${lines.join('')}\n${checkpoint}`;
};

/** A line `extra` is skipped: it is not authenticated and nothing here needs it. @throws ProofError proof_malformed */
export const parseTlogProof = (text: string): TlogProof => {
  const match =
    /^c2sp\.org\/tlog-proof@v1\n(?:extra [A-Za-z0-9+/=]*\n)?index (0|[1-9]\d{0,15})\n((?:[^\n]+\n)*)\n([\s\S]+)$/.exec(
      text,
    );
  if (match === null) throw new ProofError('proof_malformed', 'this is not a tlog-proof');
  const hashes = (match[2] ?? '').split('\n').slice(0, -1).map(strictBase64);
  const isShort = hashes.length <= PROOF_HASHES_MAX;
  if (!isShort || !hashes.every((hash) => hash !== undefined && hash.length === HASH_BYTES))
    throw new ProofError('proof_malformed', 'the proof is not a short list of SHA-256 hashes');
  return { index: Number(match[1]), hashes: hashes as Hash[], checkpoint: match[3] ?? '' };
};
