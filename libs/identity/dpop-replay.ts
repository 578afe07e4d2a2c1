import { hash } from 'node:crypto';
import { CountersignError } from '#core/errors.js';

/** Proofs remembered at once; only those by the key of a verified token get here. */
export const PROOFS_MAX = 200_000;

/** Remembers proofs until they are too old anyway (RFC 9449 section 11.1). Per process: replicas do not share it. */
export interface ReplayGuard {
  /** @throws CountersignError dpop_invalid for a proof seen before; busy when no more can be remembered */
  admit(jkt: string, jti: string, expires_s: number, now_s: number): void;
  size(): number;
}

export const createReplayGuard = (proofs_max = PROOFS_MAX): ReplayGuard => {
  const seen = new Map<string, number>();
  let sweepAfter_s = 0;
  const sweep = (now_s: number): void => {
    for (const [key, expires_s] of seen) if (expires_s < now_s) seen.delete(key);
    sweepAfter_s = now_s + 1;
  };
  return {
    admit: (jkt, jti, expires_s, now_s) => {
      // A digest of fixed length: what a client chooses as jti cannot make the memory large.
      const key = hash('sha256', JSON.stringify([jkt, jti]), 'base64url');
      const known = seen.get(key);
      if (known !== undefined && known >= now_s)
        throw new CountersignError('dpop_invalid', 'the proof was used before (jti)');
      if (seen.size >= proofs_max && now_s >= sweepAfter_s) sweep(now_s);
      // Forgetting a living proof would let it pass a second time.
      if (seen.size >= proofs_max) throw new CountersignError('busy', 'too many DPoP proofs');
      seen.set(key, expires_s);
    },
    size: () => seen.size,
  };
};
