import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { loadOrCreate } from '#sealing/file-secret.js';
import { COSIGNATURE_V1, createSigner, type NoteSigner } from '#tlog/note-key.js';

/** The witness's Ed25519 key, made at the first start; it never leaves this folder. */
export const loadOrCreateWitnessKey = async (folder: string, name: string): Promise<NoteSigner> => {
  const pem = await loadOrCreate(join(folder, 'witness-key.pem'), async () =>
    generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  );
  return createSigner(name, COSIGNATURE_V1, createPrivateKey(pem));
};
