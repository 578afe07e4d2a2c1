import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** How long a nonce is good; a client learns the next one from the refusal (RFC 9449 section 9). */
const NONCE_S = 300;
const SECRET_CHARACTERS_MIN = 16;
const TIME_BYTES = 6;

/** Nonces without a memory: a time and its MAC, so that every replica with the same secret agrees on them. */
export interface DpopNonces {
  issue(now_s: number): string;
  isCurrent(nonce: string, now_s: number): boolean;
}

/** @throws TypeError for a secret that is too short to be one */
export const createDpopNonces = (secret: string): DpopNonces => {
  if (secret.length < SECRET_CHARACTERS_MIN)
    throw new TypeError(`identity.dpop_nonce: expected ${SECRET_CHARACTERS_MIN} characters or more`);
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'dpop-nonce', 32));
  const sealed = (time: Buffer): Buffer =>
    Buffer.concat([time, createHmac('sha256', key).update(time).digest()]);
  return {
    issue: (now_s) => {
      const time = Buffer.alloc(TIME_BYTES);
      time.writeUIntBE(Math.floor(now_s), 0, TIME_BYTES);
      return sealed(time).toString('base64url');
    },
    isCurrent: (nonce, now_s) => {
      const bytes = Buffer.from(nonce, 'base64url');
      const expected = sealed(bytes.subarray(0, TIME_BYTES));
      if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) return false;
      const age_s = Math.floor(now_s) - bytes.readUIntBE(0, TIME_BYTES);
      // A replica whose clock is a little ahead may have issued it.
      return age_s >= -60 && age_s <= NONCE_S;
    },
  };
};
