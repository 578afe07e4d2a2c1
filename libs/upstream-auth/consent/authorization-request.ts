import { startAuthorization } from '@modelcontextprotocol/client';
import { CountersignError } from '#core/errors.js';
import type { AuthorizationCodeOptions } from '../kinds/authorization-code.js';
import { consentedGrants, type Need } from '../kinds/consented-grant.js';
import { authFailed } from '../oauth/auth-failed.js';
import { type Authority, discoverAuthority } from '../oauth/authority.js';
import { type Challenge, chooseScope, readChallenge, uniteScopes } from '../oauth/challenge.js';
import { CALLBACK_PATH, identifyClient } from '../oauth/client-identity.js';
import type { Owner } from '../upstream-context.js';

/** Everything the answer of the authorization server is checked against and redeemed with. Kept sealed; holds the verifier. */
export interface AuthorizationRequest {
  readonly authority: Authority;
  readonly scope?: string | undefined;
  readonly verifier: string;
  readonly redirectUri: string;
}

/**
 * Discovery, client identity, scopes and PKCE (S256) for one consent.
 * @returns where the browser goes, and what to keep until it comes back
 * @throws CountersignError upstream_auth_failed
 */
export const authorizationRequest = async (
  options: AuthorizationCodeOptions,
  owner: Owner,
  state: string,
): Promise<{ url: URL; request: AuthorizationRequest }> => {
  const { context, config, publicUrl } = options;
  const { upstream } = context;
  try {
    const need = await consentedGrants(context.store, upstream).need(owner);
    const challenge = need ?? (await probe(options));
    const authority = await discover(options, challenge);
    const { metadata } = authority;
    const methods = metadata?.code_challenge_methods_supported ?? [];
    if (metadata !== undefined && !methods.includes('S256'))
      throw new CountersignError(
        'upstream_auth_failed',
        `${upstream}: the authorization server has no PKCE (S256)`,
      );
    const client = await identifyClient(options, authority);
    const scope = withOfflineAccess(chooseScope(config.scopes, challenge.scope, authority), authority);
    const redirectUri = publicUrl() + CALLBACK_PATH;
    const { authorizationUrl, codeVerifier } = await startAuthorization(authority.url, {
      ...(metadata && { metadata }),
      clientInformation: { client_id: client.client_id },
      redirectUrl: redirectUri,
      ...(scope !== undefined && { scope }),
      state,
      ...(authority.resource !== undefined && { resource: new URL(authority.resource) }),
    });
    if (authority.resource !== undefined) authorizationUrl.searchParams.set('resource', authority.resource);
    if (!isForBrowsers(authorizationUrl))
      throw new CountersignError(
        'upstream_auth_failed',
        `${upstream}: the authorization endpoint is not https`,
      );
    return { url: authorizationUrl, request: { authority, scope, verifier: codeVerifier, redirectUri } };
  } catch (error) {
    throw authFailed(upstream, 'authorization request', error);
  }
};

const discover = ({ context, config }: AuthorizationCodeOptions, { resourceMetadataUrl }: Need | Challenge) =>
  discoverAuthority({
    upstream: context.upstream,
    serverUrl: context.serverUrl,
    fetch: context.fetch,
    issuer: config.issuer,
    resource: config.resource,
    resourceMetadataUrl: resourceMetadataUrl === undefined ? undefined : new URL(resourceMetadataUrl),
  });

/** Nothing has been refused yet: ask without a credential what the server wants. */
const probe = async ({ context }: AuthorizationCodeOptions): Promise<Challenge> => {
  const init = {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":"probe","method":"ping"}',
  };
  // Without an answer there are still the well-known places.
  const answer = await context.fetch(context.serverUrl, init).catch(() => undefined);
  return readChallenge(answer?.status ?? 0, answer?.headers.get('www-authenticate') ?? undefined);
};

/** A refresh token where the server gives one for this scope (OpenID Connect Core section 11, SEP-2207). */
const withOfflineAccess = (scope: string | undefined, { metadata }: Authority): string | undefined =>
  scope !== undefined && metadata?.scopes_supported?.includes('offline_access') === true
    ? uniteScopes(scope, 'offline_access')
    : scope;

const isForBrowsers = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname));
