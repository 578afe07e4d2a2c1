import { CountersignError } from '#core/errors.js';

/** Longer tokens are refused before anything is parsed or hashed. */
export const TOKEN_BYTES_MAX = 16 * 1024;

const BEARER_SCHEME = /^bearer(?: |$)/i;
const CREDENTIAL = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * The access token of an Authorization header (RFC 6750 section 2.1): exactly one Bearer credential and nothing else.
 * Tokens in a query or a form body are not looked at anywhere.
 * @throws CountersignError token_missing without a Bearer credential, token_invalid for one that is malformed or too long
 */
export const bearerToken = (authorizationHeader: string | undefined): string => {
  const header = authorizationHeader ?? '';
  if (header.length > TOKEN_BYTES_MAX + 'Bearer '.length) {
    throw new CountersignError('token_invalid', `the token is over ${TOKEN_BYTES_MAX} bytes`);
  }
  if (!BEARER_SCHEME.test(header) || header.trim().length === 'Bearer'.length) {
    throw new CountersignError('token_missing');
  }
  const token = CREDENTIAL.exec(header)?.[1];
  if (token === undefined) {
    throw new CountersignError(
      'token_invalid',
      'the Authorization header is not exactly one Bearer credential',
    );
  }
  return token;
};
