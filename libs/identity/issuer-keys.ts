import type { KeyObject } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import { discoverKeySet, findKey, keySetFingerprint, loadKeySet, type SigningKey } from './key-set.js';

/** One fetch, discovery included; below the 2 s in which a caller gets an answer. */
const FETCH_DEADLINE_MS = 1_500;
/** Older keys are fetched again beside the traffic. Also how long a withdrawn key may go on working. */
const FRESH_MS = 5 * 60_000;
/** Older keys are not used at all: the outage has lasted longer than tokens usually live. */
const STALE_MAX_MS = 60 * 60_000;
/** Pause after a failed fetch, so that an outage costs callers nothing but the answer "unavailable". */
const RETRY_AFTER_MS = 1_000;
/** Fetches because of unknown key ids: this many at once, then one in a while. Tokens are not yet verified then. */
const UNKNOWN_KID_BURST = 10;
const UNKNOWN_KID_REFILL_MS = 6_000;

export interface IssuerKey {
  readonly key: KeyObject;
  readonly endorsements?: readonly string[];
  readonly generation: number;
}

export interface IssuerKeys {
  /** Grows when the set of keys changes; what was verified under an older generation must be verified again. */
  generation(): number;
  /** Whether keys are young enough to rely on. Starts a fetch in the background when they are no longer fresh. */
  usable(now_ms: number): boolean;
  /**
   * The key a token names, with the generation it is of; fetches when it is not known.
   * @throws CountersignError token_invalid: the issuer has no such key; identity_unavailable: nobody can tell now
   */
  key(kid: string, alg: string): Promise<IssuerKey>;
  /** Fetches the keys now unless they are fresh. @throws CountersignError identity_unavailable */
  warm(): Promise<void>;
}

/** A bucket of permissions that refills with time; `take` answers whether one was left. */
const createAllowance = (burst: number, refill_ms: number): { take(now_ms: number): boolean } => {
  let left = burst;
  let counted_ms = 0;
  return {
    take: (now_ms) => {
      left = Math.min(burst, left + Math.max(0, now_ms - counted_ms) / refill_ms);
      counted_ms = now_ms;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
};

const unavailable = (issuer: string): CountersignError =>
  new CountersignError('identity_unavailable', `the keys of ${issuer} cannot be had at the moment`);

/** The signing keys of one issuer: found by OpenID Connect discovery, kept, renewed, and trusted for a bounded time. */
export const createIssuerKeys = (issuer: string, discovery_url: string): IssuerKeys => {
  let keys: readonly SigningKey[] = [];
  let fingerprint = '';
  let generation = 0;
  let fetched_ms = Number.NEGATIVE_INFINITY;
  let failed_ms = Number.NEGATIVE_INFINITY;
  let underway: Promise<void> | undefined;
  const allowance = createAllowance(UNKNOWN_KID_BURST, UNKNOWN_KID_REFILL_MS);

  const fetchKeys = async (): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(FETCH_DEADLINE_MS);
      const found = await loadKeySet(await discoverKeySet(issuer, discovery_url, signal), signal);
      const foundFingerprint = keySetFingerprint(found);
      if (foundFingerprint !== fingerprint) generation += 1;
      keys = found;
      fingerprint = foundFingerprint;
      fetched_ms = Date.now();
      failed_ms = Number.NEGATIVE_INFINITY;
    } catch {
      // What was fetched before stays in use until STALE_MAX_MS; `failed_ms` is what callers see of the fault.
      failed_ms = Date.now();
    } finally {
      underway = undefined;
    }
  };
  // A clock that was set back must not make keys young: what lies in the future counts as long ago.
  const since = (then_ms: number, now_ms: number): number =>
    then_ms > now_ms ? Number.POSITIVE_INFINITY : now_ms - then_ms;
  const age = (now_ms: number): number => since(fetched_ms, now_ms);
  const mayRetry = (now_ms: number): boolean => since(failed_ms, now_ms) >= RETRY_AFTER_MS;
  /** One fetch at a time, never rejects. */
  const refresh = (): Promise<void> => {
    underway ??= fetchKeys();
    return underway;
  };
  const usable = (now_ms: number): boolean => {
    if (age(now_ms) > FRESH_MS && mayRetry(now_ms)) void refresh();
    return age(now_ms) <= STALE_MAX_MS;
  };
  const warm = async (): Promise<void> => {
    const now_ms = Date.now();
    if (age(now_ms) <= FRESH_MS) return;
    if (underway !== undefined || mayRetry(now_ms)) await refresh();
    if (age(Date.now()) > STALE_MAX_MS) throw unavailable(issuer);
  };

  return {
    generation: () => generation,
    usable,
    warm,
    key: async (kid, alg) => {
      const known_ms = fetched_ms;
      if (!usable(Date.now())) await warm();
      const known = findKey(keys, kid, alg);
      if (known !== undefined) return { ...known, generation };
      // Unknown: the issuer may have rotated. Join a fetch that is under way, else start one if that is still allowed.
      const now_ms = Date.now();
      const mayFetch = fetched_ms === known_ms && mayRetry(now_ms) && allowance.take(now_ms);
      if (underway !== undefined || mayFetch) await refresh();
      const found = findKey(keys, kid, alg);
      if (found !== undefined) return { ...found, generation };
      if (failed_ms > fetched_ms) throw unavailable(issuer);
      throw new CountersignError(
        'token_invalid',
        'the token names a key that the issuer does not have (kid)',
      );
    },
  };
};
