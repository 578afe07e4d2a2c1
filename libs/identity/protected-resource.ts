import type { ErrorCode } from '#core/errors.js';
import { ERRORS } from '#core/errors.js';
import { DPOP_ALGORITHMS } from './dpop-proof.js';
import { requiredScopes, type ScopeOptions, supportedScopes } from './scopes.js';

/** Whether tokens may be, or must be, bound to a key of the client (RFC 9449). */
export type DpopMode = 'off' | 'optional' | 'required';

/** Something tokens are for: an MCP endpoint, or the REST edges of a service. */
export interface ProtectedResource {
  /** What tokens carry as `aud` (RFC 8707), without query or fragment. */
  readonly uri: string;
  readonly name: string;
  /** Needed by every request to it. */
  readonly scopes: readonly string[];
  /** Those, and what single operations need besides. */
  readonly scopesSupported: readonly string[];
}

/** `/mcp` and each `/mcp/{server}` are resources of their own: a token for one opens no other. */
export const mcpResource = (
  publicUrl: string,
  scopes: ScopeOptions,
  server: string | undefined,
): ProtectedResource => ({
  uri: `${publicUrl}/mcp${server === undefined ? '' : `/${server}`}`,
  name: 'Countersign MCP gateway',
  scopes: requiredScopes(scopes, server),
  scopesSupported: supportedScopes(scopes, server),
});

export const restResource = (publicUrl: string, scopes: ScopeOptions): ProtectedResource => ({
  uri: publicUrl,
  name: 'Countersign REST interface',
  scopes: scopes.rest,
  scopesSupported: scopes.rest,
});

export const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Where a resource's metadata stands: the well-known path goes between host and path (RFC 9728 section 3.1). */
export const protectedResourceMetadataUrl = (resource: string): string => {
  const { origin, pathname } = new URL(resource);
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`;
};

/** OAuth 2.0 Protected Resource Metadata (RFC 9728 section 2). `offline_access` is no scope of a resource and is left out. */
export const protectedResourceMetadata = (
  { uri, name, scopesSupported }: ProtectedResource,
  {
    authorization_servers,
    dpop,
  }: { readonly authorization_servers: readonly string[]; readonly dpop: DpopMode },
) => {
  const scopes = scopesSupported.filter((scope) => scope !== 'offline_access');
  return {
    resource: uri,
    authorization_servers: [...authorization_servers],
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
    resource_name: name,
    ...(dpop !== 'off' && { dpop_signing_alg_values_supported: [...DPOP_ALGORITHMS] }),
    ...(dpop === 'required' && { dpop_bound_access_tokens_required: true }),
  };
};

export interface Challenge {
  /** URI of the resource. */
  readonly resource: string;
  readonly code: ErrorCode;
  /** All scopes that are needed, in one challenge. */
  readonly scopes?: readonly string[];
  readonly dpop?: DpopMode;
}

/** RFC 6750 section 3.1; a request without a token gets no error at all, for it made none. */
const OAUTH_ERRORS: Readonly<Partial<Record<ErrorCode, string>>> = {
  token_invalid: 'invalid_token',
  token_expired: 'invalid_token',
  token_repeated: 'invalid_request',
  token_in_query: 'invalid_request',
  scope_missing: 'insufficient_scope',
};
/** RFC 9449 sections 7.1 and 9; a Bearer challenge has no such errors. */
const DPOP_ERRORS: Readonly<Partial<Record<ErrorCode, string>>> = {
  dpop_invalid: 'invalid_dpop_proof',
  dpop_nonce_missing: 'use_dpop_nonce',
};

/** Only what RFC 6750 section 3 allows inside the quotes: printable ASCII without quote and backslash. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')}"`;

const parameters = ({ resource, code, scopes = [] }: Challenge, error: string | undefined): string =>
  [
    `resource_metadata=${quoted(protectedResourceMetadataUrl(resource))}`,
    ...(error === undefined
      ? []
      : [`error=${quoted(error)}`, `error_description=${quoted(ERRORS[code].says)}`]),
    ...(scopes.length === 0 ? [] : [`scope=${quoted(scopes.join(' '))}`]),
  ].join(', ');

/**
 * Value of WWW-Authenticate for a refusal (RFC 9728 section 5.1, RFC 6750 section 3, RFC 9449 section 7.1): one challenge
 * a scheme in use, Bearer first because most clients read only the first. Says nothing about the token sent.
 */
export const wwwAuthenticate = (challenge: Challenge): string => {
  const { code, dpop = 'off' } = challenge;
  const error = OAUTH_ERRORS[code];
  const bearer = `Bearer ${parameters(challenge, error)}`;
  const bound = `DPoP ${parameters(challenge, error ?? DPOP_ERRORS[code])}, algs=${quoted(DPOP_ALGORITHMS.join(' '))}`;
  if (dpop === 'off') return bearer;
  return dpop === 'required' ? bound : `${bearer}, ${bound}`;
};
