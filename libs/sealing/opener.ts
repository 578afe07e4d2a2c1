import { createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { compactDecrypt, importJWK, type JWK } from 'jose';
import type { Digest } from '#core/hash.js';
import { readSealed, SALT_BYTES, TAG_BYTES } from './sealed-payload.js';
import { sha256 } from './sha256.js';

export interface Opener {
  /** @throws KeyNotHeld; Error when the bytes were changed, or they are not what `commit` commits to. */
  open(sealed: Uint8Array, commit: Digest): Promise<Uint8Array>;
  /** The same with the salt, which lets anybody check SHA-256(salt || bytes) against the entry. @throws Error as `open` */
  openSalted(
    sealed: Uint8Array,
    commit: Digest,
  ): Promise<{ readonly salt: Uint8Array; readonly bytes: Uint8Array }>;
}

/** The key that a payload is sealed for is not here: lost, destroyed to erase the payload, or never of this place. */
export class KeyNotHeld extends Error {
  override readonly name = 'KeyNotHeld';
  constructor(readonly kid: string) {
    super(`sealing key ${kid} is not held here`);
  }
}

const DATA_KEYS_MAX = 1_000;

/** Holds private keys: only the masking service makes one. */
export const createOpener = (privateKeys: ReadonlyMap<string, JWK>): Opener => {
  // KeyObjects: node checks raw keys anew, and slowly, at each use.
  const dataKeys = new Map<string, KeyObject>();
  const unwrap = async (kid: string, wrapped: string): Promise<KeyObject> => {
    const known = dataKeys.get(wrapped);
    if (known !== undefined) return known;
    const jwk = privateKeys.get(kid);
    if (jwk === undefined) throw new KeyNotHeld(kid);
    const { plaintext } = await compactDecrypt(wrapped, await importJWK(jwk, 'ECDH-ES+A256KW'));
    if (dataKeys.size >= DATA_KEYS_MAX) dataKeys.delete(dataKeys.keys().next().value ?? '');
    const key = createSecretKey(plaintext);
    dataKeys.set(wrapped, key);
    return key;
  };
  const openSalted: Opener['openSalted'] = async (sealed, commit) => {
    const { header, aad, nonce, ciphertext, tag } = readSealed(sealed);
    const decipher = createDecipheriv('aes-256-gcm', await unwrap(header.kid, header.key), nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(aad);
    decipher.setAuthTag(tag);
    const salted = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    if (sha256(salted) !== commit) throw new Error('the payload is not the one its entry commits to');
    return { salt: salted.subarray(0, SALT_BYTES), bytes: salted.subarray(SALT_BYTES) };
  };
  return { open: async (sealed, commit) => (await openSalted(sealed, commit)).bytes, openSalted };
};
