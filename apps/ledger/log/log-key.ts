import { createPrivateKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '#config/config.schema.js';
import { ConfigError, readSecret } from '#config/load-config.js';
import { loadOrCreate } from '#sealing/file-secret.js';
import { createSigner, ED25519, type NoteSigner } from '#tlog/note-key.js';

/**
 * The key that signs checkpoints: of the configuration, or made once and kept beside the other keys. Ed25519 signs the
 * same text always the same way, so replicas with this key publish the same checkpoints.
 * @throws ConfigError, NoteError key_malformed
 */
export const openLogSigner = async ({ log, data_dir }: Config, origin: string): Promise<NoteSigner> => {
  const text =
    log.key === undefined
      ? await loadOrCreate(join(data_dir, 'keys', 'log-key.json'), async () => makeKey())
      : readSecret(log.key);
  return createSigner(origin, ED25519, parseKey(text));
};

const makeKey = (): string => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return JSON.stringify(privateKey.export({ format: 'jwk' }));
};

const parseKey = (text: string) => {
  try {
    return createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' });
  } catch {
    throw new ConfigError(
      'the key of the log (log.key, keys/log-key.json) is not a private Ed25519 key as JWK',
    );
  }
};
