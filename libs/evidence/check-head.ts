import { type Checkpoint, parseCheckpoint } from '#tlog/checkpoint.js';
import type { Hash } from '#tlog/merkle.js';
import { type Note, parseNote, verifyNote } from '#tlog/note.js';
import { formatVerifierKey, type NoteVerifier, parseVerifierKey } from '#tlog/note-key.js';
import { NoteError } from '#tlog/note-text.js';
import { parseTlogPolicy, type TlogPolicy, TlogPolicyError } from '#tlog/tlog-policy.js';
import { NoPack, type Pack } from './pack.js';
import { CHECKPOINT, LOG_KEY, TLOG_POLICY } from './pack-format.js';

/** What the examiner knows from elsewhere; without it a pack is only checked against itself. */
export interface Trust {
  /** Verifier key of the log (C2SP signed-note). */
  readonly vkey?: string;
  /** Text of a C2SP tlog-policy: keys of logs and witnesses, and the quorum that must have cosigned. */
  readonly policy?: string;
  /** Signed checkpoints of the same log that came by another way: from a witness, from an earlier visit. */
  readonly checkpoints?: readonly string[];
}

/** The signed tree that everything else in the pack is checked against. */
export interface Head extends Checkpoint {
  readonly note: Note;
  readonly key: NoteVerifier;
  readonly keyFrom: 'given' | 'pack';
  readonly policy: TlogPolicy | undefined;
}

/** Undefined when there is no checkpoint to check anything against. @throws NoPack when what was given is unusable */
export const readHead = (pack: Pack, trust: Trust): Head | undefined => {
  const { findings } = pack;
  const text = pack.text(CHECKPOINT);
  const read = text === undefined ? undefined : pack.attempt(CHECKPOINT, () => signedCheckpoint(text));
  const policy = readPolicy(pack, trust);
  const packKey = pack.text(LOG_KEY)?.trim();
  const given = givenKey(trust, policy, read?.checkpoint.origin);
  const own = packKey === undefined ? undefined : pack.attempt(LOG_KEY, () => parseVerifierKey(packKey));
  const key = given ?? own;
  if (read === undefined || key === undefined) return undefined;
  const { note, checkpoint } = read;
  if (given !== undefined && own !== undefined && formatVerifierKey(given) !== formatVerifierKey(own))
    findings.add('key_swap', `the pack names ${own.name}+${own.keyId} as the log's key, not the one given`, {
      file: LOG_KEY,
    });
  checkSignature(pack, CHECKPOINT, note, key);
  if (checkpoint.origin !== key.name)
    findings.add('key_swap', `the checkpoint is of ${checkpoint.origin}, the key of ${key.name}`, {
      file: CHECKPOINT,
    });
  return { ...checkpoint, note, key, keyFrom: given === undefined ? 'pack' : 'given', policy };
};

export const signedCheckpoint = (text: string): { readonly note: Note; readonly checkpoint: Checkpoint } => {
  const note = parseNote(text);
  return { note, checkpoint: parseCheckpoint(note.text) };
};

/** A finding unless the key has signed the note. */
export const checkSignature = (pack: Pack, file: string, note: Note, key: NoteVerifier): boolean => {
  try {
    verifyNote(note, [key]);
    return true;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    const isOther = error.code === 'note_unsigned' && note.signatures.some(({ name }) => name === key.name);
    pack.findings.add(
      isOther ? 'key_swap' : 'checkpoint_signature_invalid',
      isOther ? `${file} is signed by another key under the name of the log` : `${file}: ${error.message}`,
      { file },
    );
    return false;
  }
};

const readPolicy = (pack: Pack, { policy }: Trust): TlogPolicy | undefined => {
  if (policy === undefined) {
    const own = pack.text(TLOG_POLICY, 'optional');
    return own === undefined ? undefined : pack.attempt(TLOG_POLICY, () => parseTlogPolicy(own));
  }
  try {
    return parseTlogPolicy(policy);
  } catch (error) {
    if (error instanceof TlogPolicyError)
      throw new NoPack(`the policy given cannot be used: ${error.message}`);
    throw error;
  }
};

const givenKey = (
  trust: Trust,
  policy: TlogPolicy | undefined,
  origin: string | undefined,
): NoteVerifier | undefined => {
  if (trust.vkey === undefined) {
    const logs = trust.policy === undefined ? [] : (policy?.logs ?? []);
    return logs.find(({ verifier }) => verifier.name === origin)?.verifier;
  }
  try {
    return parseVerifierKey(trust.vkey.trim());
  } catch (error) {
    if (error instanceof NoteError) throw new NoPack(`the key given cannot be used: ${error.message}`);
    throw error;
  }
};

/** Key ids of the policy's witnesses that have cosigned. @throws NoteError for a line that is no cosignature of its key */
export const cosigners = (note: Note, policy: TlogPolicy): ReadonlySet<string> => {
  const witnesses = policy.witnesses.map(({ verifier }) => verifier);
  try {
    return new Set(verifyNote(note, witnesses).map(({ keyId }) => keyId));
  } catch (error) {
    if (error instanceof NoteError && error.code === 'note_unsigned') return new Set();
    throw error;
  }
};

/** A root of the same log at another size, and where it was learned. */
export interface KnownRoot {
  readonly size: number;
  readonly root: Hash;
}
