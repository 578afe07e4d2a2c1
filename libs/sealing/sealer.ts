import { createCipheriv, createSecretKey, hash, randomBytes } from 'node:crypto';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import type { PayloadCommitment } from '#core/evidence/entry.js';
import { randomPool } from './random-pool.js';
import { headerBytes, NONCE_BYTES, SALT_BYTES } from './sealed-payload.js';

export interface Sealed {
  readonly sealed: Uint8Array;
  readonly payload: PayloadCommitment & { readonly kid: string };
}

export interface Sealer {
  /** Seals with the public key only; any service may hold a Sealer. Costs microseconds: data keys are reused for minutes. */
  seal(bytes: Uint8Array): Sealed;
}

const DATA_KEY_AGE_MS_MAX = 5 * 60_000;
/** NIST SP 800-38D section 8.3 allows 2^32 random nonces a key; stay far below. */
const DATA_KEY_USES_MAX = 1_000_000;

/** `rotate` makes the next data key ahead of time because wrapping is asynchronous and sealing must not wait. */
export const createSealer = async (kid: string, publicKey: JWK): Promise<Sealer> => {
  const recipient = await importJWK(publicKey, 'ECDH-ES+A256KW');
  const makeDataKey = async () => {
    const key = randomBytes(32);
    const wrapped = await new CompactEncrypt(key)
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid })
      .encrypt(recipient);
    // A KeyObject: node checks raw keys anew, and slowly, at each use.
    return {
      key: createSecretKey(key),
      header: headerBytes({ kid, key: wrapped }),
      uses: 0,
      madeAt: performance.now(),
    };
  };
  let current = await makeDataKey();
  let rotating = false;
  const rotate = () => {
    if (rotating) return;
    rotating = true;
    void makeDataKey().then((next) => {
      current = next;
      rotating = false;
    });
  };
  const random = randomPool();
  return {
    seal: (bytes) => {
      current.uses += 1;
      if (current.uses > DATA_KEY_USES_MAX || performance.now() - current.madeAt > DATA_KEY_AGE_MS_MAX)
        rotate();
      const { key, header } = current;
      const nonce = random(NONCE_BYTES);
      const salted = Buffer.concat([random(SALT_BYTES), bytes]);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(header);
      const sealed = Buffer.concat([
        header,
        nonce,
        cipher.update(salted),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return {
        sealed,
        payload: { bytes: bytes.length, commit: `sha256:${hash('sha256', salted, 'hex')}`, kid },
      };
    },
  };
};
