export interface IssuerOptions {
  /** Exact value of `iss`, and of `issuer` in the discovery document. */
  readonly issuer: string;
  /** Default: `<issuer>/.well-known/openid-configuration`. */
  readonly discovery_url?: string;
  /** Further values of `aud` accepted at every resource, for issuers that cannot name the resource (RFC 8707). */
  readonly audiences?: readonly string[];
  /** Name of the claim that lists the groups, a path ("realm_access.roles") or a JSON Pointer ("/realm_access/roles"). */
  readonly groups_claim: string;
  /** Name of the claim that people know the caller by; `sub` stands in when it is missing. */
  readonly principal_claim: string;
  /** Name of the claim that is the same for all accounts of one human, at every issuer that has it configured. */
  readonly human_claim?: string | undefined;
}

/** Tokens that are no person's, besides those that say so themselves (`isMachineToken`). */
export interface MachineRule {
  /** OAuth clients of agents and services. `*` at the end stands for any ending. */
  readonly clients: readonly string[];
  /** By claim: the values that agents' tokens have. */
  readonly claims: { readonly [claim: string]: readonly string[] };
}

export interface IdentityOptions {
  /** Without any, every token is refused. */
  readonly issuers: readonly IssuerOptions[];
  /** JWS algorithms accepted; asymmetric only. */
  readonly algorithms: readonly string[];
  /** How far `nbf` and `iat` may lie in the future. `exp` gets no tolerance: an expired token is never accepted. */
  readonly clock_skew_s: number;
  /** Verified tokens remembered; 0 switches the cache off. */
  readonly token_cache_max: number;
  readonly machines?: MachineRule;
}

export const DEFAULT_GROUPS_CLAIM = 'groups';
export const DEFAULT_PRINCIPAL_CLAIM = 'preferred_username';
export const DEFAULT_ALGORITHMS: readonly string[] = ['RS256', 'ES256', 'PS256'];
export const DEFAULT_CLOCK_SKEW_S = 30;
export const CLOCK_SKEW_S_MAX = 120;
export const DEFAULT_TOKEN_CACHE_MAX = 10_000;

/** Everything the verification library can check with a public key. No HMAC: a public key must never act as a secret. */
export const ASYMMETRIC_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;
export type AsymmetricAlgorithm = (typeof ASYMMETRIC_ALGORITHMS)[number];

const isAsymmetric = (name: string): name is AsymmetricAlgorithm =>
  (ASYMMETRIC_ALGORITHMS as readonly string[]).includes(name);

const isHttpUrl = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '');

/**
 * The algorithms of `options`, once all of the options are known to be usable.
 * @throws TypeError naming the option and what was expected; a wrong option stops the start.
 */
export const checkedAlgorithms = (options: IdentityOptions): readonly AsymmetricAlgorithm[] => {
  const { issuers, clock_skew_s, token_cache_max } = options;
  const algorithms = options.algorithms.filter(isAsymmetric);
  if (algorithms.length === 0 || algorithms.length !== options.algorithms.length) {
    throw new TypeError(`identity.algorithms: expected a list of ${ASYMMETRIC_ALGORITHMS.join(', ')}`);
  }
  if (!(clock_skew_s >= 0 && clock_skew_s <= CLOCK_SKEW_S_MAX)) {
    throw new TypeError(`identity.clock_skew_s: expected 0 to ${CLOCK_SKEW_S_MAX} seconds`);
  }
  if (!Number.isSafeInteger(token_cache_max) || token_cache_max < 0) {
    throw new TypeError('identity.token_cache_max: expected an integer, 0 or more');
  }
  issuers.forEach(({ issuer, discovery_url }, i) => {
    if (!isHttpUrl(issuer)) throw new TypeError(`identity.issuers[${i}].issuer: expected an https URL`);
    if (discovery_url !== undefined && !isHttpUrl(discovery_url)) {
      throw new TypeError(`identity.issuers[${i}].discovery_url: expected an https URL`);
    }
  });
  if (new Set(issuers.map(({ issuer }) => issuer)).size !== issuers.length) {
    throw new TypeError('identity.issuers: the same issuer stands there twice');
  }
  return algorithms;
};
