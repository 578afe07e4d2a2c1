import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { leafHash } from './merkle.js';
import { parseNote, signNote, verifyNote } from './note.js';
import { COSIGNATURE_V1, createSigner, ED25519, formatVerifierKey, parseVerifierKey } from './note-key.js';
import { NoteError } from './note-text.js';

/** The example of C2SP signed-note, section "Verifier keys". */
const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE_NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

const keyPair = () => generateKeyPairSync('ed25519').privateKey;
const log = createSigner('bank.example/ledger', ED25519, keyPair());
const witness = createSigner('audit.example/w1', COSIGNATURE_V1, keyPair());
const TEXT = formatCheckpoint({ origin: 'bank.example/ledger', size: 3, root: leafHash(Buffer.from('x')) });
const TIME_S = 1_700_000_000;

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as NoteError).code;
  }
  return 'accepted';
};

describe('a signed note', () => {
  it('of the specification is accepted under the key of the specification', () => {
    const verifier = parseVerifierKey(EXAMPLE_KEY);
    expect(verifyNote(parseNote(EXAMPLE_NOTE), [verifier])).toEqual([
      { name: 'example.com/foo', keyId: '530d903a' },
    ]);
    expect(formatVerifierKey(verifier)).toBe(EXAMPLE_KEY);
  });

  it('says who has signed it, and when a witness did', () => {
    const note = parseNote(signNote(TEXT, [log, witness], TIME_S));
    expect(verifyNote(note, [log.verifier, witness.verifier])).toEqual([
      { name: 'bank.example/ledger', keyId: log.verifier.keyId },
      { name: 'audit.example/w1', keyId: witness.verifier.keyId, time_s: TIME_S },
    ]);
  });

  it('ignores signatures of keys that nobody asked for, and is refused when there are no others', () => {
    const note = parseNote(signNote(TEXT, [log, witness], TIME_S));
    expect(verifyNote(note, [log.verifier])).toHaveLength(1);
    const stranger = createSigner('bank.example/ledger', ED25519, keyPair());
    expect(codeOf(() => verifyNote(note, [stranger.verifier]))).toBe('note_unsigned');
  });

  it('is refused after any change of one byte of text, time or signature', () => {
    const bytes = Buffer.from(signNote(TEXT, [log, witness], TIME_S));
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const outcome = codeOf(() => {
        const verified = verifyNote(parseNote(changed), [log.verifier, witness.verifier]);
        // A changed name or key id makes a signature of a stranger; then it does not count.
        if (verified.length < 2) throw new NoteError('note_unsigned', 'one signature less');
      });
      expect(outcome, `byte ${at}`).not.toBe('accepted');
    }
  });

  it.each([
    ['no signature', 'text\n'],
    ['no last newline', EXAMPLE_NOTE.slice(0, -1)],
    ['a tab', EXAMPLE_NOTE.replace(' is ', '\tis ')],
    ['a carriage return', EXAMPLE_NOTE.replaceAll('\n', '\r\n')],
    ['another dash', EXAMPLE_NOTE.replace('—', '-')],
    ['base64 with loose bits', EXAMPLE_NOTE.replace('aQM=', 'aQN=')],
    ['too many signatures', `${EXAMPLE_NOTE}${EXAMPLE_NOTE.slice(EXAMPLE_NOTE.indexOf('—')).repeat(100)}`],
  ])('with %s is refused', (_, note) => {
    expect(codeOf(() => parseNote(note))).toBe('note_malformed');
  });

  it.each([
    ['another key id', EXAMPLE_KEY.replace('530d903a', '530d903b')],
    ['another type', EXAMPLE_KEY.replace('+AekyeRrm', '+BekyeRrm')],
    ['a name with a space', EXAMPLE_KEY.replace('example.com', 'example com')],
    ['no key', 'example.com/foo+530d903a+AQ=='],
  ])('is not checked under a key with %s', (_, vkey) => {
    expect(codeOf(() => parseVerifierKey(vkey))).toBe('key_malformed');
  });
});

describe('a checkpoint', () => {
  it('says origin, size and root', () => {
    const { origin, size, root } = parseCheckpoint(TEXT);
    expect(formatCheckpoint({ origin, size, root })).toBe(TEXT);
  });

  it.each([
    ['an extension line', `${TEXT}more\n`],
    ['a size with a zero in front', TEXT.replace('\n3\n', '\n03\n')],
    ['a size beyond 2^53', TEXT.replace('\n3\n', '\n9007199254740993\n')],
    ['a negative size', TEXT.replace('\n3\n', '\n-3\n')],
    ['a short root', `${TEXT.split('\n').slice(0, 2).join('\n')}\nAAAA\n`],
    ['no origin', TEXT.slice(TEXT.indexOf('\n'))],
  ])('with %s is refused', (_, text) => {
    expect(codeOf(() => parseCheckpoint(text))).toBe('checkpoint_malformed');
  });
});
