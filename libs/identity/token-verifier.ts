import { CountersignError } from '#core/errors.js';
import { type Caller, callerFromClaims, keyThumbprintOf } from './caller.js';
import { TOKEN_BYTES_MAX } from './credential.js';
import { checkedAlgorithms, type IdentityOptions, type IssuerOptions } from './identity-options.js';
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.js';
import { verifyWithPassportJwt } from './passport-jwt-verification.js';
import { readToken } from './token-text.js';
import { createVerifiedTokenCache, type VerifiedToken } from './verified-token-cache.js';

export interface TokenVerifier {
  /**
   * Verifies an access token for one resource (RFC 9068 section 4, RFC 8707): signature by a key of a configured issuer,
   * exact issuer and audience, times. Answers within 2 s. A token verified before costs microseconds until it expires
   * or the issuer's keys change.
   * @param audience the resource's URI, exactly as clients name it
   * A token bound to a key is refused: sent as a bearer token it is a stolen one as far as we can tell.
   * @throws CountersignError token_invalid, token_expired, groups_overage, identity_unavailable; never holding any part of
   *   the token
   */
  verify(token: string, audience: string): Promise<Caller>;
  /**
   * The same for a token that must be bound to a key (RFC 9449 section 6); whoever asks has yet to see the proof.
   * @throws CountersignError as verify; token_invalid for a bearer token
   */
  verifyBound(token: string, audience: string): Promise<BoundCaller>;
  /** Fetches the keys of all issuers, so that readiness tells the truth. @throws CountersignError identity_unavailable */
  warm(): Promise<void>;
}

export interface BoundCaller {
  readonly caller: Caller;
  /** RFC 7638 thumbprint (SHA-256) of the key that must have signed the proof. */
  readonly jkt: string;
}

interface TrustedIssuer {
  readonly options: IssuerOptions;
  readonly keys: IssuerKeys;
}

const discoveryUrl = (options: IssuerOptions): string =>
  options.discovery_url ?? `${options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/** @throws TypeError for options that cannot work, naming the option. */
export const createTokenVerifier = (options: IdentityOptions): TokenVerifier => {
  const algorithms = checkedAlgorithms(options);
  const { clock_skew_s, token_cache_max } = options;
  const cache = createVerifiedTokenCache(token_cache_max);
  const issuers = new Map<string, TrustedIssuer>(
    options.issuers.map((issuer) => [
      issuer.issuer,
      { options: issuer, keys: createIssuerKeys(issuer.issuer, discoveryUrl(issuer)) },
    ]),
  );
  let cachedGenerations = 0;

  /** Empties the cache when any issuer's keys have changed: a withdrawn key takes its tokens with it. */
  const dropOutdated = (): void => {
    let generations = 0;
    for (const { keys } of issuers.values()) generations += keys.generation();
    if (generations === cachedGenerations) return;
    cachedGenerations = generations;
    cache.clear();
  };

  const remembered = (key: string, now_ms: number): VerifiedToken | undefined => {
    const entry = cache.get(key);
    if (entry === undefined) return undefined;
    const keys = issuers.get(entry.caller.issuer)?.keys;
    const stands = keys?.usable(now_ms) && keys.generation() === entry.generation;
    if (stands && entry.caller.expiresAt * 1000 > now_ms) return entry;
    cache.delete(key);
    return undefined;
  };

  const verifyAnew = async (token: string, audience: string, cacheKey: string): Promise<VerifiedToken> => {
    const hints = readToken(token, algorithms);
    const issuer = issuers.get(hints.iss);
    if (issuer === undefined)
      throw new CountersignError('token_invalid', 'the issuer of the token is not trusted here');
    const { key, generation } = await issuer.keys.key(hints.kid, hints.alg);
    const now_s = Date.now() / 1000;
    const audiences = [audience, ...(issuer.options.audiences ?? [])] as const;
    const claims = await verifyWithPassportJwt(token, {
      issuer: issuer.options.issuer,
      audiences,
      algorithms,
      clock_skew_s,
      now_s,
      key,
    });
    const jkt = keyThumbprintOf(claims);
    const caller = callerFromClaims(claims, audiences, issuer.options, now_s, clock_skew_s, options.machines);
    // The keys may have been fetched since; what is put in now must not be swept out as outdated by the next caller.
    dropOutdated();
    const verified = { caller, jkt, generation };
    if (token_cache_max > 0) cache.put(cacheKey, verified);
    return verified;
  };

  const verified = async (token: string, audience: string): Promise<VerifiedToken> => {
    // Before the hash: an oversized token must not cost anything.
    if (token.length > TOKEN_BYTES_MAX) throw new CountersignError('token_invalid', 'the token is too long');
    dropOutdated();
    const key = cache.key(token, audience);
    return remembered(key, Date.now()) ?? verifyAnew(token, audience, key);
  };

  return {
    verify: async (token, audience) => {
      const { caller, jkt } = await verified(token, audience);
      if (jkt !== undefined)
        throw new CountersignError(
          'token_invalid',
          'the token is bound to a key and is no bearer token (cnf)',
        );
      return caller;
    },
    verifyBound: async (token, audience) => {
      const { caller, jkt } = await verified(token, audience);
      if (jkt === undefined)
        throw new CountersignError('token_invalid', 'the token is not bound to a key (cnf)');
      return { caller, jkt };
    },
    warm: async () => {
      await Promise.all([...issuers.values()].map(({ keys }) => keys.warm()));
    },
  };
};
