import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

const KEY_CHARS_MIN = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What the browser keeps for us and can neither read nor change. */
export interface SealedValues {
  /** @param binding what the value is for, and whose; it opens under the same only */
  seal(value: object, binding: string): string;
  /** Undefined for anything that was not sealed here under this binding. */
  open(text: string, binding: string): unknown;
  /** A token that only this side can make for this text. */
  tokenFor(text: string): string;
  isTokenFor(token: string, text: string): boolean;
}

/** @throws TypeError for a secret that is too short */
export const sealedValues = (secret: string | undefined): SealedValues => {
  if (secret !== undefined && secret.length < KEY_CHARS_MIN)
    throw new TypeError(`approvals.login.session_key: expected ${KEY_CHARS_MIN} characters or more`);
  const root = secret ?? randomBytes(32);
  const keyFor = (use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', root, '', `countersign approval page ${use}`, 32));
  const [key, tokenKey] = [keyFor('seal'), keyFor('token')];
  const tokenFor = (text: string): string => createHmac('sha256', tokenKey).update(text).digest('base64url');
  return {
    seal: (value, binding) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(binding));
      const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open: (text, binding) => {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined;
      const [iv, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)];
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(binding)).setAuthTag(tag);
        const body = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
        return JSON.parse(body.toString('utf8'));
      } catch {
        return undefined;
      }
    },
    tokenFor,
    isTokenFor: (token, text) => {
      const [given, right] = [Buffer.from(token), Buffer.from(tokenFor(text))];
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
};
