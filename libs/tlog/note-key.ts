import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import { NoteError, strictBase64 } from './note-text.js';

/** Signature types of C2SP signed-note: the log's own signature, and a timestamped cosignature of a witness. */
export const ED25519 = 0x01;
export const COSIGNATURE_V1 = 0x04;
export type SignatureType = typeof ED25519 | typeof COSIGNATURE_V1;

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TIMESTAMP_BYTES = 8;

/** What a signature says beside the text; `time_s` is the POSIX time of a cosignature. */
export interface Verified {
  readonly name: string;
  readonly keyId: string;
  readonly time_s?: number;
}

export interface NoteVerifier {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly type: SignatureType;
  readonly publicKey: Uint8Array;
  /** Undefined when the signature is not one of this key over this text. */
  verify(text: string, signature: Uint8Array): Verified | undefined;
}

export interface NoteSigner {
  readonly verifier: NoteVerifier;
  /** The signature line, with its newline. `time_s` is used by cosignatures only. */
  sign(text: string, time_s: number): string;
}

/** C2SP signed-note "Verifier keys": `<name>+<key id>+<base64(type || public key)>`. */
export const formatVerifierKey = ({ name, keyId, type, publicKey }: NoteVerifier): string =>
  `${name}+${keyId}+${Buffer.from([type, ...publicKey]).toString('base64')}`;

/** @throws NoteError key_malformed */
export const parseVerifierKey = (vkey: string): NoteVerifier => {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(vkey);
  const key = match === null ? undefined : strictBase64(match[3] ?? '');
  const type = key?.[0];
  if (key?.length !== 1 + PUBLIC_KEY_BYTES || (type !== ED25519 && type !== COSIGNATURE_V1))
    throw new NoteError('key_malformed', 'this is not a verifier key of a type known here (Ed25519)');
  const verifier = createVerifier(match?.[1] ?? '', type, key.subarray(1));
  if (verifier.keyId !== match?.[2])
    throw new NoteError('key_malformed', `the key id of ${verifier.name} is not that of its key`);
  return verifier;
};

/** @throws NoteError key_malformed for a name that a note cannot hold */
export const createVerifier = (name: string, type: SignatureType, publicKey: Uint8Array): NoteVerifier => {
  if (!/^[^\s+]+$/u.test(name)) throw new NoteError('key_malformed', 'a key name has no spaces and no plus');
  const keyId = hash(
    'sha256',
    Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), publicKey]),
    'buffer',
  )
    .subarray(0, 4)
    .toString('hex');
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
    format: 'jwk',
  });
  const check = (text: string, signature: Uint8Array): Verified | undefined => {
    if (type === ED25519) {
      const isGood = signature.length === SIGNATURE_BYTES && verify(null, Buffer.from(text), key, signature);
      return isGood ? { name, keyId } : undefined;
    }
    if (signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) return undefined;
    const time = Buffer.from(signature).readBigUInt64BE();
    if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    const message = Buffer.from(cosignedMessage(text, Number(time)));
    const isGood = verify(null, message, key, signature.subarray(TIMESTAMP_BYTES));
    return isGood ? { name, keyId, time_s: Number(time) } : undefined;
  };
  return { name, keyId, type, publicKey, verify: check };
};

/** @throws NoteError key_malformed unless `privateKey` is an Ed25519 key */
export const createSigner = (name: string, type: SignatureType, privateKey: KeyObject): NoteSigner => {
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new NoteError('key_malformed', 'a note is signed with an Ed25519 key');
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const verifier = createVerifier(name, type, Buffer.from(x, 'base64url'));
  const id = Buffer.from(verifier.keyId, 'hex');
  return {
    verifier,
    sign: (text, time_s) => {
      const parts =
        type === ED25519 ? [sign(null, Buffer.from(text), privateKey)] : cosign(text, time_s, privateKey);
      return `— ${name} ${Buffer.concat([id, ...parts]).toString('base64')}\n`;
    },
  };
};

/** C2SP tlog-cosignature "Ed25519 signed message". */
const cosignedMessage = (text: string, time_s: number): string => `cosignature/v1\ntime ${time_s}\n${text}`;

const cosign = (text: string, time_s: number, privateKey: KeyObject): Buffer[] => {
  const time = Buffer.alloc(TIMESTAMP_BYTES);
  time.writeBigUInt64BE(BigInt(time_s));
  return [time, sign(null, Buffer.from(cosignedMessage(text, time_s)), privateKey)];
};
