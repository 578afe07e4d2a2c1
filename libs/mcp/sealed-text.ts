import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Every replica holds the same ring; a key stays readable after `current` has moved on, until its texts have expired. */
export interface SealingKeyring {
  /** Id of the key that seals. */
  readonly current: string;
  /** AES-256 keys by id (1 to 16 characters of A-Z a-z 0-9 _ -). Replace a key before it has sealed 2^32 texts. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
const TEXT = /^v1\.([\w-]{1,16})\.([\w-]+)$/;

/**
 * A text that only this gateway can read, under AES-256-GCM (NIST SP 800-38D): what a client has to carry for us. `context`
 * is bound as associated data and is not in the text: opening with another one fails. ASCII of A-Z a-z 0-9 _ - and dots.
 * @throws TypeError when the ring has no current key of 32 bytes.
 */
export const sealText = (keyring: SealingKeyring, context: string, plain: string): string => {
  const key = keyring.keys.get(keyring.current);
  if (key?.length !== 32) throw new TypeError('sealText: the current key is missing or not 32 bytes');
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(associatedData(keyring.current, context));
  const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1.${keyring.current}.${sealed.toString('base64url')}`;
};

/** What was sealed; undefined for a forged, altered or foreign text, or one of over `text_max` characters. */
export const openText = (
  keyring: SealingKeyring,
  context: string,
  text: string,
  text_max: number,
): string | undefined => {
  const [, keyId = '', body = ''] = text.length <= text_max ? (TEXT.exec(text) ?? []) : [];
  const key = keyring.keys.get(keyId);
  const sealed = Buffer.from(body, 'base64url');
  // The decoder ignores stray bits at the end; only the one text we wrote may open.
  if (!key || sealed.length <= IV_BYTES + TAG_BYTES || sealed.toString('base64url') !== body)
    return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData(keyId, context));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  } catch {
    return undefined;
  }
};

const associatedData = (keyId: string, context: string): Uint8Array =>
  Buffer.from(`countersign v1\n${keyId}\n${context}`);
