import { hash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWTVerifyResult, jwtVerify } from 'jose';
import { CountersignError } from '#core/errors.js';
import { isRecord } from './claims.js';

/** Asymmetric only: a proof by a shared secret proves nothing (RFC 9449 section 4.3, check 5). */
export const DPOP_ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', 'Ed25519'] as const;
/** A proof older than this is refused (RFC 9449 section 11.1). */
export const PROOF_AGE_S_MAX = 60;
const PROOF_CHARACTERS_MAX = 8 * 1024;
const JTI_CHARACTERS_MAX = 256;

export interface ProofExpectations {
  readonly method: string;
  /** Address the request was sent to, as clients see it. */
  readonly uri: string;
  readonly token: string;
  /** Thumbprint of the key that the token is bound to. */
  readonly jkt: string;
  readonly now_s: number;
  readonly skew_s: number;
}

export interface Proof {
  readonly jti: string;
  readonly nonce: string | undefined;
  /** Epoch seconds from which the proof is too old, so that nobody has to remember it any longer. */
  readonly expires_s: number;
}

const invalid = (detail: string): CountersignError => new CountersignError('dpop_invalid', detail);

const UNRESERVED = /%(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

/** RFC 3986 section 6.2.2 and 6.2.3 without query and fragment; undefined for what is no http address. */
const normalised = (uri: string): string | undefined => {
  const url = URL.parse(uri);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined;
  const path = url.pathname
    .replace(UNRESERVED, (octet) => decodeURIComponent(octet))
    .replace(/%[0-9a-f]{2}/gi, (octet) => octet.toUpperCase());
  return url.origin + path;
};

const verifiedSignature = async (proof: string): Promise<JWTVerifyResult> => {
  if (proof.length > PROOF_CHARACTERS_MAX) throw invalid(`the proof is over ${PROOF_CHARACTERS_MAX} bytes`);
  try {
    // The library checks typ, the algorithm against the list, the key (public, of that algorithm, strong) and crit.
    return await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: [...DPOP_ALGORITHMS] });
  } catch {
    // The library's message would repeat parts of the proof.
    throw invalid('type, key or signature of the proof');
  }
};

/**
 * Checks one DPoP proof against the request and token it came with (RFC 9449 section 4.3, checks 2 to 12); whether it was
 * seen before, and its nonce, are for the caller to judge.
 * @throws CountersignError dpop_invalid, never holding any part of the proof
 */
export const verifyProof = async (proof: string, expected: ProofExpectations): Promise<Proof> => {
  const { payload, protectedHeader } = await verifiedSignature(proof);
  const { jwk } = protectedHeader;
  if (!isRecord(jwk) || Object.hasOwn(jwk, 'd') || (await calculateJwkThumbprint(jwk)) !== expected.jkt)
    throw invalid('the proof is by another key than the one of the token (jkt)');
  const { jti, iat, htm, htu, ath, nonce } = payload as Record<string, unknown>;
  if (typeof jti !== 'string' || jti === '' || jti.length > JTI_CHARACTERS_MAX) throw invalid('jti');
  if (htm !== expected.method) throw invalid('the proof is for another method (htm)');
  if (
    typeof htu !== 'string' ||
    normalised(htu) === undefined ||
    normalised(htu) !== normalised(expected.uri)
  )
    throw invalid('the proof is for another address (htu)');
  if (ath !== hash('sha256', expected.token, 'base64url'))
    throw invalid('the proof is for another token (ath)');
  const { now_s, skew_s } = expected;
  const isFresh = typeof iat === 'number' && iat <= now_s + skew_s && iat > now_s - PROOF_AGE_S_MAX - skew_s;
  if (!isFresh) throw invalid('the proof is too old or from the future (iat)');
  if (nonce !== undefined && typeof nonce !== 'string') throw invalid('nonce');
  return { jti, nonce, expires_s: iat + PROOF_AGE_S_MAX + skew_s };
};
