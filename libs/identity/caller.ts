import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { type Claims, claimOf, isStringList, textClaim } from './claims.js';
import { groupsFromClaims } from './groups.js';
import type { IssuerOptions } from './identity-options.js';
import { isMachineToken } from './machine-token.js';
import { policyClaims } from './policy-claims.js';

/**
 * Who sends a request, as proven by a verified access token. `issuer` and `subject` together are the identity (four
 * eyes compare these); `principal` is for people to read and may change. Frozen: callers are shared by the token cache.
 */
export interface Caller {
  readonly issuer: string;
  readonly subject: string;
  /** `preferred_username` (or the configured claim), else `sub`. Not a secret. */
  readonly principal: string;
  /** The OAuth client, that is the agent; '' when the token names none. */
  readonly clientId: string;
  readonly groups: readonly string[];
  /** The small allow-list of claims that policy reads as `token.*`. */
  readonly claims: JsonObject;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** A token of a program with no person behind it (client credentials). */
  readonly isMachine: boolean;
}

/** Where issuers put the client: RFC 9068, OpenID Connect and Keycloak, Entra v1, Okta. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'appid', 'cid'] as const;

const clientOf = (claims: Claims): string => {
  for (const name of CLIENT_CLAIMS) {
    const value = textClaim(claims, name);
    if (value !== undefined) return value;
  }
  return '';
};

/** Checks of RFC 9068 section 4 that the JWT library leaves to us. */
const checkClaims = (claims: Claims, audience: string, now_s: number, skew_s: number): number => {
  const exp = claimOf(claims, 'exp');
  const iat = claimOf(claims, 'iat');
  const aud = claimOf(claims, 'aud');
  if (typeof exp !== 'number' || !Number.isFinite(exp)) {
    throw new CountersignError('token_invalid', 'the token has no expiry (exp)');
  }
  if (exp <= now_s) throw new CountersignError('token_expired');
  if (iat !== undefined && !(typeof iat === 'number' && iat <= now_s + skew_s)) {
    throw new CountersignError('token_invalid', 'the token was issued in the future (iat)');
  }
  if (aud !== audience && !(isStringList(aud) && aud.includes(audience))) {
    throw new CountersignError('token_invalid', `the token is not for ${audience} (aud)`);
  }
  // A sender-constrained token (RFC 8705, RFC 9449) sent as a bearer token is a stolen one as far as we can tell.
  if (claimOf(claims, 'cnf') !== undefined) {
    throw new CountersignError('token_invalid', 'sender-constrained tokens (cnf) cannot be checked here');
  }
  return exp;
};

/**
 * Makes the caller of claims whose signature is verified.
 * @throws CountersignError token_invalid, token_expired
 */
export const callerFromClaims = (
  claims: Claims,
  audience: string,
  issuer: IssuerOptions,
  now_s: number,
  skew_s: number,
): Caller => {
  const expiresAt = checkClaims(claims, audience, now_s, skew_s);
  const subject = textClaim(claims, 'sub');
  if (subject === undefined) throw new CountersignError('token_invalid', 'the token has no subject (sub)');
  const clientId = clientOf(claims);
  return Object.freeze({
    issuer: issuer.issuer,
    subject,
    principal: textClaim(claims, issuer.principal_claim) ?? subject,
    clientId,
    groups: groupsFromClaims(claims, issuer.groups_claim),
    claims: policyClaims(claims),
    expiresAt,
    isMachine: isMachineToken(claims, subject, clientId),
  });
};
