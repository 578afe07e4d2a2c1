import { CountersignError } from '#core/errors.js';
import { type HttpHead, headerValues, queryOf } from './http-head.js';

/** Longer tokens are refused before anything is parsed or hashed. */
export const TOKEN_BYTES_MAX = 16 * 1024;

export type Scheme = 'Bearer' | 'DPoP';

/** What a request shows for itself. */
export interface Credential {
  readonly scheme: Scheme;
  readonly token: string;
}

/** Names under which tokens are sent, without their underscores and hyphens. */
const TOKEN_NAMES: ReadonlySet<string> = new Set([
  'accesstoken',
  'assertion',
  'authorization',
  'authtoken',
  'bearer',
  'bearertoken',
  'clientassertion',
  'dpop',
  'idtoken',
  'jwt',
  'refreshtoken',
  'subjecttoken',
  'token',
]);
/** A compact JWS or JWE, whatever the parameter is called. */
const LOOKS_LIKE_JWT = /^(?:bearer\s+)?eyJ[\w-]+\.[\w-]*\.[\w-]*/i;
/** More is no query of ours, and each parameter costs time before anybody is authenticated. */
const QUERY_CHARACTERS_MAX = 8 * 1024;

const decodedOrAsIs = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
};

/**
 * Refuses a request that carries a token in its query string, where access logs, proxies and histories keep it (MCP
 * basic/authorization, token requirements; RFC 9700 section 4.3.2), also when a good token stands in the header. The
 * error repeats nothing of the query.
 * @throws CountersignError token_in_query
 */
export const checkQuery = (head: HttpHead): void => {
  const query = queryOf(head);
  if (query.length > QUERY_CHARACTERS_MAX)
    throw new CountersignError('token_in_query', `the query is over ${QUERY_CHARACTERS_MAX} characters`);
  // Some parsers separate parameters with semicolons, so a token behind one counts too.
  for (const parameter of query.split(/[&;]/)) {
    const [name = '', ...value] = parameter.split('=');
    const plain = decodedOrAsIs(name)
      .toLowerCase()
      .replace(/[^a-z]/g, '');
    if (TOKEN_NAMES.has(plain) || LOOKS_LIKE_JWT.test(decodedOrAsIs(value.join('='))))
      throw new CountersignError('token_in_query');
  }
};

const SCHEME = /^(bearer|dpop)(?: |$)/i;
const CREDENTIAL = /^[a-z]+ +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * The access token of the Authorization header (RFC 6750 section 2.1, RFC 9449 section 7.1): one header, in it exactly
 * one credential, and nothing else. Tokens in a query or a form body are accepted nowhere.
 * @param schemes those in use here; another one is no credential
 * @throws CountersignError token_missing, token_invalid (malformed or over 16 KB), token_repeated, token_in_query
 */
export const credentialOf = (head: HttpHead, schemes: readonly Scheme[]): Credential => {
  checkQuery(head);
  const [header = '', ...others] = headerValues(head, 'authorization');
  if (others.length > 0) throw new CountersignError('token_repeated');
  if (header.length > TOKEN_BYTES_MAX + 'Bearer '.length) {
    throw new CountersignError('token_invalid', `the token is over ${TOKEN_BYTES_MAX} bytes`);
  }
  const named = SCHEME.exec(header)?.[1]?.toLowerCase();
  const scheme = schemes.find((known) => known.toLowerCase() === named);
  if (scheme === undefined || header.trim().length === scheme.length) {
    throw new CountersignError('token_missing');
  }
  const token = CREDENTIAL.exec(header)?.[1];
  if (token === undefined) {
    throw new CountersignError('token_invalid', 'the Authorization header is not exactly one credential');
  }
  return { scheme, token };
};
