import { CountersignError } from '#core/errors.js';
import { type Claims, claimOf, isRecord } from './claims.js';

/** What an unverified token says about how it wants to be verified. Nothing here is to be believed yet. */
export interface TokenHints {
  readonly alg: string;
  readonly kid: string;
  readonly iss: string;
}

const KID_CHARACTERS_MAX = 256;
const PARTS = 3;

const invalid = (detail: string): CountersignError => new CountersignError('token_invalid', detail);

/**
 * Base64url without slack: decoders ignore padding and the unused bits of the last character, so that one signature
 * could be written in several ways and one token have several hashes.
 */
const decoded = (part: string): Buffer => {
  const bytes = Buffer.from(part, 'base64url');
  if (part === '' || bytes.toString('base64url') !== part) throw invalid('the token is not a compact JWT');
  return bytes;
};

const jsonObject = (bytes: Buffer): Claims => {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isRecord(value)) return value;
  } catch {
    // The parser's message would repeat parts of the token.
  }
  throw invalid('the token is not a compact JWT');
};

/**
 * RFC 9068 asks for at+jwt, most issuers write JWT, Okta writes nothing. Everything else (logout+jwt, dpop+jwt, ...) is
 * another kind of JWT by the same issuer and must not pass for an access token (RFC 8725 section 3.11).
 */
const isAccessTokenType = (typ: unknown): boolean =>
  typ === undefined || (typeof typ === 'string' && /^(?:(?:application\/)?at\+jwt|jwt)$/i.test(typ));

/**
 * Reads the header and issuer of a compact JWS, refusing every form that leaves room for interpretation.
 * @throws CountersignError token_invalid
 */
export const readToken = (token: string, algorithms: readonly string[]): TokenHints => {
  const [header64, payload64, signature64, ...rest] = token.split('.', PARTS + 1);
  if (header64 === undefined || payload64 === undefined || signature64 === undefined || rest.length > 0) {
    throw invalid('the token is not a compact JWT');
  }
  const header = jsonObject(decoded(header64));
  const alg = claimOf(header, 'alg');
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    throw invalid('the signature algorithm is not allowed');
  if (!isAccessTokenType(claimOf(header, 'typ'))) throw invalid('the token is not an access token (typ)');
  // RFC 7515 section 4.1.11: an extension we do not understand must stop us; the JWT library does not look.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'))
    throw invalid('the token uses an extension (crit)');
  const kid = claimOf(header, 'kid');
  if (typeof kid !== 'string' || kid === '' || kid.length > KID_CHARACTERS_MAX) {
    throw invalid('the token does not name its key (kid)');
  }
  decoded(signature64);
  const iss = claimOf(jsonObject(decoded(payload64)), 'iss');
  if (typeof iss !== 'string') throw invalid('the token has no issuer (iss)');
  return { alg, kid, iss };
};
