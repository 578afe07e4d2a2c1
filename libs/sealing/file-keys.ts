import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export interface SealingKeyPair {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly publicKey: JWK;
  readonly privateKey: JWK;
}

const SEALING_KEY_FILE = 'sealing-key.json';

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

/** 32 random bytes as base64url, made once and kept in a file that only its owner can read. */
export const loadOrCreateSecret = async (file: string): Promise<string> =>
  (await loadOrCreate(file, async () => randomBytes(32).toString('base64url'))).trim();

const loadOrCreate = async (file: string, make: () => Promise<string>): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Written beside and renamed after fsync: a crash leaves either no key or a whole one, never half a key.
  const temporary = `${file}.${process.pid}`;
  const handle = await open(temporary, 'wx', 0o600);
  const text = await make();
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  return text;
};
