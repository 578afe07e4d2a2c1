import type { NoteSigner, NoteVerifier, Verified } from './note-key.js';
import { NoteError, strictBase64 } from './note-text.js';

/** C2SP asks for a limit, and for at least 16 signatures. */
export const NOTE_BYTES_MAX = 1_000_000;
export const NOTE_SIGNATURES_MAX = 100;

export interface NoteSignature {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
  /** As it stands in the note, with its newline. */
  readonly line: string;
}

export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** C2SP signed-note "Format". Nothing in it may be believed before `verifyNote`. @throws NoteError note_malformed */
export const parseNote = (bytes: Uint8Array | string): Note => {
  const note = typeof bytes === 'string' ? bytes : decodeText(bytes);
  if (note.length > NOTE_BYTES_MAX) throw malformed('it is too long');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the specification forbids exactly these.
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw malformed('it has control characters');
  const gap = note.lastIndexOf('\n\n');
  if (gap < 0 || !note.endsWith('\n')) throw malformed('it has no signatures');
  const lines = note.slice(gap + 2, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) throw malformed('it has too many signatures');
  return { text: note.slice(0, gap + 1), signatures: lines.map((line) => parseSignature(`${line}\n`)) };
};

const decodeText = (bytes: Uint8Array): string => {
  if (bytes.length > NOTE_BYTES_MAX) throw malformed('it is too long');
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed('it is not UTF-8');
  }
};

/** One signature line, as a note has it and as a witness answers it. @throws NoteError note_malformed */
export const parseSignature = (line: string): NoteSignature => {
  const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})\n$/u.exec(line);
  const bytes = match === null ? undefined : strictBase64(match[2] ?? '');
  if (bytes === undefined || bytes.length < 5) throw malformed('a signature line is not one');
  return {
    name: match?.[1] ?? '',
    keyId: bytes.toString('hex', 0, 4),
    signature: bytes.subarray(4),
    line,
  };
};

/**
 * Which of the keys have signed. Signatures of other keys are ignored.
 * @throws NoteError note_unsigned when none has, note_signature_invalid when a line that names one of them is not its
 *   signature
 */
export const verifyNote = (note: Note, verifiers: readonly NoteVerifier[]): readonly Verified[] => {
  const verified = new Map<NoteVerifier, Verified>();
  for (const { name, keyId, signature } of note.signatures) {
    const verifier = verifiers.find((known) => known.name === name && known.keyId === keyId);
    if (verifier === undefined || verified.has(verifier)) continue;
    const good = verifier.verify(note.text, signature);
    if (good === undefined)
      throw new NoteError('note_signature_invalid', `the signature of ${name} does not fit the text`);
    verified.set(verifier, good);
  }
  if (verified.size === 0) throw new NoteError('note_unsigned', 'no known key has signed this note');
  return [...verified.values()];
};

/** @throws NoteError note_malformed for a text that no note can hold */
export const signNote = (text: string, signers: readonly NoteSigner[], time_s: number): string => {
  const note = `${text}\n${signers.map((signer) => signer.sign(text, time_s)).join('')}`;
  if (parseNote(note).text !== text) throw malformed('the text does not end with one newline');
  return note;
};

const malformed = (why: string): NoteError => new NoteError('note_malformed', `not a signed note: ${why}`);
