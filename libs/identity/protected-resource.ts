import { ERRORS, type ErrorCode } from '#core/errors.js';

export interface ProtectedResource {
  /** The resource's URI: what tokens carry as `aud`, without query or fragment. */
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly resource_name?: string;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Where a resource's metadata stands: the well-known path goes between host and path (RFC 9728 section 3.1). */
export const protectedResourceMetadataUrl = (resource: string): string => {
  const { origin, pathname } = new URL(resource);
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`;
};

/** OAuth 2.0 Protected Resource Metadata (RFC 9728 section 2). `offline_access` is no scope of a resource and is left out. */
export const protectedResourceMetadata = (options: ProtectedResource) => ({
  resource: options.resource,
  authorization_servers: [...options.authorization_servers],
  ...(options.scopes_supported && {
    scopes_supported: options.scopes_supported.filter((scope) => scope !== 'offline_access'),
  }),
  bearer_methods_supported: ['header'],
  ...(options.resource_name && { resource_name: options.resource_name }),
});

export interface Challenge {
  readonly resource: string;
  readonly code: ErrorCode;
  /** All scopes that are needed, in one challenge. */
  readonly scopes?: readonly string[];
}

/** RFC 6750 section 3.1; a request without a token gets no error at all, for it made none. */
const OAUTH_ERRORS: Readonly<Partial<Record<ErrorCode, string>>> = {
  token_invalid: 'invalid_token',
  token_expired: 'invalid_token',
  forbidden: 'insufficient_scope',
};

/** Only what RFC 6750 section 3 allows inside the quotes: printable ASCII without quote and backslash. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')}"`;

/** Value of WWW-Authenticate for a refusal (RFC 9728 section 5.1, RFC 6750 section 3). Says nothing about the token sent. */
export const wwwAuthenticate = ({ resource, code, scopes }: Challenge): string => {
  const error = OAUTH_ERRORS[code];
  const parameters = [`resource_metadata=${quoted(protectedResourceMetadataUrl(resource))}`];
  if (error !== undefined) {
    parameters.push(`error=${quoted(error)}`, `error_description=${quoted(ERRORS[code].says)}`);
  }
  if (scopes !== undefined && scopes.length > 0) parameters.push(`scope=${quoted(scopes.join(' '))}`);
  return `Bearer ${parameters.join(', ')}`;
};
