import {
  type AuthorizationServerMetadata,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  type OAuthClientProvider,
  type OAuthProtectedResourceMetadata,
  selectResourceURL,
} from '@modelcontextprotocol/client';
import { CountersignError } from '#core/errors.js';
import type { OutboundFetch } from '#outbound/guarded-fetch.js';

/** The authorization server that speaks for an upstream, as discovery has found it. JSON, kept with what it issued. */
export interface Authority {
  /** Exactly as its metadata says; credentials are bound to it. */
  readonly issuer: string;
  /** Where it was looked for; without metadata its endpoints are at fixed places below (MCP 2025-03-26). */
  readonly url: string;
  readonly metadata?: AuthorizationServerMetadata;
  /** Resource indicator (RFC 8707). */
  readonly resource?: string;
  /** scopes_supported of the protected resource metadata. */
  readonly resourceScopes?: readonly string[];
}

/** What a token request needs to know of an authorization server. */
export interface TokenEndpoint {
  readonly issuer: string;
  readonly url: string;
  readonly metadata?: {
    readonly token_endpoint: string;
    readonly token_endpoint_auth_methods_supported?: string[] | undefined;
  };
}

export interface DiscoveryOptions {
  readonly upstream: string;
  readonly serverUrl: URL;
  readonly fetch: OutboundFetch;
  /** From the challenge. */
  readonly resourceMetadataUrl?: URL | undefined;
  /** The operator's choice: no other authorization server will do. */
  readonly issuer?: string | undefined;
  readonly resource?: string | undefined;
}

/**
 * Protected resource metadata (RFC 9728: named by the challenge, else below the path, else at the root), then the
 * metadata of the authorization server (RFC 8414, OpenID Connect Discovery), whose issuer must be the one it was asked
 * for. Without any of it the server's own origin is the authorization server, as in MCP 2025-03-26.
 * @throws CountersignError upstream_auth_failed; TypeError when something could not be reached
 */
export const discoverAuthority = async (options: DiscoveryOptions): Promise<Authority> => {
  const { upstream, serverUrl, fetch, issuer: pinned } = options;
  const protectedResource = await readProtectedResource(options);
  const named = protectedResource?.authorization_servers ?? [];
  if (pinned !== undefined && named.length > 0 && !named.some((url) => isSameIssuer(url, pinned)))
    throw failed(upstream, 'the server names another authorization server than auth.issuer');
  const url = pinned ?? named[0] ?? new URL('/', serverUrl).href;
  const metadata = await discoverAuthorizationServerMetadata(url, { fetchFn: fetch });
  if (metadata === undefined && (pinned !== undefined || named.length > 0))
    throw failed(upstream, 'the authorization server has no metadata');
  const resource =
    options.resource ?? (protectedResource && (await resourceOf(upstream, serverUrl, protectedResource)));
  const resourceScopes = protectedResource?.scopes_supported;
  return {
    issuer: metadata?.issuer ?? url,
    url,
    ...(metadata === undefined ? {} : { metadata }),
    ...(resource === undefined ? {} : { resource }),
    ...(resourceScopes === undefined ? {} : { resourceScopes }),
  };
};

const failed = (upstream: string, why: string): CountersignError =>
  new CountersignError('upstream_auth_failed', `${upstream}: ${why}`);

const readProtectedResource = async (
  options: DiscoveryOptions,
): Promise<OAuthProtectedResourceMetadata | undefined> => {
  const { serverUrl, fetch, resourceMetadataUrl } = options;
  try {
    return await discoverOAuthProtectedResourceMetadata(
      serverUrl,
      resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl },
      fetch,
    );
  } catch (error) {
    // Not reachable or refused is not the same as not there: falling back would be a downgrade.
    if (error instanceof TypeError || resourceMetadataUrl !== undefined) throw error;
    return undefined;
  }
};

/** The metadata must speak for this very server (RFC 9728 section 3.3). */
const resourceOf = async (
  upstream: string,
  serverUrl: URL,
  metadata: OAuthProtectedResourceMetadata,
): Promise<string> => {
  try {
    await selectResourceURL(serverUrl, {} as OAuthClientProvider, metadata);
  } catch {
    throw failed(upstream, 'the resource metadata speaks for another resource');
  }
  return metadata.resource;
};

const isSameIssuer = (a: string, b: string): boolean => a.replace(/\/$/, '') === b.replace(/\/$/, '');
