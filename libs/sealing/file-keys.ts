import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { loadOrCreate } from './file-secret.js';

export interface SealingKeyPair {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly publicKey: JWK;
  readonly privateKey: JWK;
}

export const SEALING_KEY_FILE = 'sealing-key.json';

/** Reads the sealing key pair of a folder, or makes it (X25519, RFC 8037) when the folder has none. */
export const loadOrCreateSealingKey = async (folder: string): Promise<SealingKeyPair> => {
  const text = await loadOrCreate(join(folder, SEALING_KEY_FILE), async () => {
    const pair = await generateKeyPair('ECDH-ES+A256KW', { crv: 'X25519', extractable: true });
    return JSON.stringify(await exportJWK(pair.privateKey));
  });
  const privateKey = JSON.parse(text) as JWK;
  const { d: _secret, ...publicKey } = privateKey;
  return { kid: await calculateJwkThumbprint(publicKey), publicKey, privateKey };
};
