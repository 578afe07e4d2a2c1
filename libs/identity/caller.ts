import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { type Claims, claimOf, isRecord, isStringList, textClaim } from './claims.js';
import { groupsFromClaims } from './groups.js';
import { humanOf } from './human.js';
import type { IssuerOptions, MachineRule } from './identity-options.js';
import { isMachineToken, isRuledMachine } from './machine-token.js';
import { policyClaims, scopesOf } from './policy-claims.js';

/**
 * Who sends a request, as proven by a verified access token. `issuer` and `subject` together are the identity (four
 * eyes compare these); `principal` is for people to read and may change. Frozen: callers are shared by the token cache.
 */
export interface Caller {
  readonly issuer: string;
  readonly subject: string;
  /** `preferred_username` (or the configured claim), else `sub`. Not a secret. */
  readonly principal: string;
  /** The same for all accounts of one human; absent when the issuer does not say. */
  readonly human?: string;
  /** The OAuth client, that is the agent; '' when the token names none. */
  readonly clientId: string;
  readonly groups: readonly string[];
  /** Granted OAuth scopes, from `scope` (RFC 9068) or `scp`. */
  readonly scopes: readonly string[];
  /** The small allow-list of claims that policy reads as `token.*`. */
  readonly claims: JsonObject;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** A token of a program (client credentials), of an agent by the bank's rule, or of one who acts for another (act). */
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
const checkClaims = (claims: Claims, audiences: readonly string[], now_s: number, skew_s: number): number => {
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
  const named = typeof aud === 'string' ? [aud] : aud;
  if (!isStringList(named) || !audiences.some((audience) => named.includes(audience))) {
    throw new CountersignError('token_invalid', 'the token is not for this resource (aud)');
  }
  return exp;
};

/**
 * The thumbprint of the key a token is bound to (RFC 9449 section 6.1), undefined for a bearer token.
 * @throws CountersignError token_invalid for a binding that cannot be checked here (RFC 8705 certificates, ...): the token
 *   may be a stolen one
 */
export const keyThumbprintOf = (claims: Claims): string | undefined => {
  const cnf = claimOf(claims, 'cnf');
  if (cnf === undefined) return undefined;
  const jkt = isRecord(cnf) && Object.keys(cnf).length === 1 ? claimOf(cnf, 'jkt') : undefined;
  if (typeof jkt !== 'string' || !/^[\w-]{43}$/.test(jkt))
    throw new CountersignError(
      'token_invalid',
      'the token is bound in a way that cannot be checked here (cnf)',
    );
  return jkt;
};

/**
 * Makes the caller of claims whose signature is verified.
 * @param audiences values of `aud` that will do, the resource itself first
 * @throws CountersignError token_invalid, token_expired, groups_overage
 */
export const callerFromClaims = (
  claims: Claims,
  audiences: readonly string[],
  issuer: IssuerOptions,
  now_s: number,
  skew_s: number,
  machines?: MachineRule,
): Caller => {
  const expiresAt = checkClaims(claims, audiences, now_s, skew_s);
  const subject = textClaim(claims, 'sub');
  if (subject === undefined) throw new CountersignError('token_invalid', 'the token has no subject (sub)');
  const clientId = clientOf(claims);
  const human = humanOf(claims, issuer.human_claim);
  return Object.freeze({
    issuer: issuer.issuer,
    subject,
    principal: textClaim(claims, issuer.principal_claim) ?? subject,
    ...(human !== undefined && { human }),
    clientId,
    groups: groupsFromClaims(claims, issuer.groups_claim),
    scopes: scopesOf(claims),
    claims: policyClaims(claims),
    expiresAt,
    isMachine: isMachineToken(claims, subject, clientId) || isRuledMachine(claims, clientId, machines),
  });
};
