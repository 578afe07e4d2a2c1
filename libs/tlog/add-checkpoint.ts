import { type Checkpoint, parseCheckpoint } from './checkpoint.js';
import { EMPTY_ROOT, HASH_BYTES, type Hash, sameHash } from './merkle.js';
import { type Note, parseNote, verifyNote } from './note.js';
import { ED25519, type NoteVerifier } from './note-key.js';
import { NoteError, strictBase64 } from './note-text.js';
import { PROOF_HASHES_MAX, ProofError, verifyConsistency } from './verify-proof.js';

/** Body of `POST <prefix>/add-checkpoint` (C2SP tlog-witness). */
export interface AddCheckpoint {
  /** Size of the checkpoint that the witness has cosigned last. */
  readonly old: number;
  /** Consistency proof from there (RFC 6962 section 2.1.2). */
  readonly proof: readonly Hash[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
}

export const ADD_CHECKPOINT_BYTES_MAX = 64 * 1024;

export const formatAddCheckpoint = ({ old, proof, checkpoint }: AddCheckpoint): string => {
  const lines = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`);
  return `old ${old}\n${lines.join('')}\n${checkpoint}`;
};

/** Undefined when it is not one. */
export const parseAddCheckpoint = (body: string): AddCheckpoint | undefined => {
  const match = /^old (0|[1-9]\d{0,15})\n((?:[A-Za-z0-9+/]{43}=\n)*)\n([\s\S]+)$/.exec(body);
  const proof = (match?.[2] ?? '').split('\n').slice(0, -1).map(strictBase64);
  const old = Number(match?.[1]);
  if (match === null || !Number.isSafeInteger(old) || proof.length > PROOF_HASHES_MAX) return undefined;
  if (!proof.every((hash) => hash?.length === HASH_BYTES)) return undefined;
  return { old, proof: proof as Hash[], checkpoint: match[3] ?? '' };
};

/** What a witness remembers of a log: the head it has cosigned last; size 0 when it never has. */
export interface WitnessedHead {
  readonly size: number;
  readonly root: Hash;
}
export const NEVER_WITNESSED: WitnessedHead = { size: 0, root: EMPTY_ROOT };

/** The HTTP status that the specification asks for. */
export type WitnessRefusal =
  | { readonly status: 400 | 403 | 404; readonly why: string }
  | { readonly status: 409; readonly why: string; readonly size: number }
  | { readonly status: 422; readonly why: string };

export type WitnessAnswer =
  | { readonly refused: WitnessRefusal }
  | { readonly cosign: Checkpoint; readonly note: Note };

/**
 * What a witness does with a submission, in the order of C2SP tlog-witness. `headOf` and what follows from the answer
 * have to be one atomic step, or a slow submission could take the head back.
 */
export const decideCosign = (
  { old, proof, checkpoint }: AddCheckpoint,
  logs: readonly NoteVerifier[],
  headOf: (origin: string) => WitnessedHead,
): WitnessAnswer => {
  const signed = readSigned(checkpoint, logs);
  if ('refused' in signed) return signed;
  const { cosign } = signed;
  if (old > cosign.size) return refuse({ status: 400, why: 'the old size is beyond the checkpoint' });
  const head = headOf(cosign.origin);
  if (old !== head.size)
    return refuse({ status: 409, why: `the head here is of size ${head.size}`, size: head.size });
  if (cosign.size === 0 && !sameHash(cosign.root, EMPTY_ROOT))
    return refuse({ status: 422, why: 'a tree without leaves has another root' });
  try {
    verifyConsistency({
      first: old,
      second: cosign.size,
      firstRoot: head.root,
      secondRoot: cosign.root,
      proof,
    });
  } catch (error) {
    if (error instanceof ProofError) return refuse({ status: 422, why: error.message });
    throw error;
  }
  return signed;
};

const readSigned = (text: string, logs: readonly NoteVerifier[]): WitnessAnswer => {
  try {
    const note = parseNote(text);
    const checkpoint = parseCheckpoint(note.text);
    const keys = logs.filter(({ name, type }) => name === checkpoint.origin && type === ED25519);
    if (keys.length === 0) return refuse({ status: 404, why: 'this log is not known here' });
    verifyNote(note, keys);
    return { cosign: checkpoint, note };
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    const isUnsigned = error.code === 'note_unsigned' || error.code === 'note_signature_invalid';
    return refuse({ status: isUnsigned ? 403 : 400, why: error.message });
  }
};

const refuse = (refused: WitnessRefusal): WitnessAnswer => ({ refused });
