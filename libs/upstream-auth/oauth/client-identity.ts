import { isHttpsUrl, registerClient, resolveClientMetadata } from '@modelcontextprotocol/client';
import type { ClientConfig } from '#config/upstream-auth.schema.js';
import { CountersignError } from '#core/errors.js';
import type { UpstreamContext } from '../upstream-context.js';
import type { Authority } from './authority.js';
import { type ClientCredentials, configuredClient } from './client-authentication.js';

export interface ClientIdentityOptions {
  readonly context: UpstreamContext;
  readonly config: ClientConfig & { readonly client_metadata_url?: string | undefined };
  /** Public address of the gateway. */
  readonly publicUrl: () => string;
}

/** Below the public address of the gateway; what an authorization server fetches to learn who asks. */
export const CLIENT_DOCUMENT_PATH = '/.well-known/oauth-client.json';
export const CALLBACK_PATH = '/upstreams/callback';

const CLIENT_NAME = 'Countersign MCP gateway';
const GRANT_TYPES = ['authorization_code', 'refresh_token'];

/** The client ID metadata document of the gateway (MCP 2025-11-25 basic/authorization, client registration). */
export const clientDocument = (publicUrl: string) => ({
  client_id: publicUrl + CLIENT_DOCUMENT_PATH,
  client_name: CLIENT_NAME,
  client_uri: publicUrl,
  redirect_uris: [publicUrl + CALLBACK_PATH],
  grant_types: GRANT_TYPES,
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
});

interface Registration {
  readonly issuer: string;
  readonly redirectUri: string;
  readonly client: ClientCredentials;
  /** Epoch milliseconds. */
  readonly expiresAt_ms?: number;
}

/**
 * Who the gateway is at this authorization server, in the order of MCP 2025-11-25: registered beforehand, a client ID
 * metadata document where the server takes one, dynamic registration (RFC 7591) where there is nothing else. What a
 * server registered is kept under its issuer and never shown to another.
 * @throws CountersignError upstream_auth_failed when none of the three is possible
 */
export const identifyClient = async (
  options: ClientIdentityOptions,
  authority: Authority,
): Promise<ClientCredentials> => {
  const { config, publicUrl, context } = options;
  const { client_id } = config;
  if (client_id !== undefined) return configuredClient({ ...config, client_id }, context.readSecret);
  const document = config.client_metadata_url ?? publicUrl() + CLIENT_DOCUMENT_PATH;
  if (authority.metadata?.client_id_metadata_document_supported === true && isHttpsUrl(document))
    return { client_id: document };
  const known = await knownRegistration(options, authority);
  return known ?? register(options, authority);
};

const keyOf = ({ context }: ClientIdentityOptions, { issuer }: Authority): string =>
  `client/${context.upstream}/${issuer}`;

const knownRegistration = async (
  options: ClientIdentityOptions,
  authority: Authority,
): Promise<ClientCredentials | undefined> => {
  const { context, publicUrl } = options;
  const found = (await context.store.read(keyOf(options, authority))) as Registration | undefined;
  const fits =
    found?.issuer === authority.issuer &&
    found.redirectUri === publicUrl() + CALLBACK_PATH &&
    (found.expiresAt_ms ?? Number.POSITIVE_INFINITY) > context.now();
  return fits ? found.client : undefined;
};

/** After the server has forgotten the client. */
export const forgetRegistration = (options: ClientIdentityOptions, authority: Authority): Promise<void> =>
  options.context.store.remove(keyOf(options, authority));

const register = async (options: ClientIdentityOptions, authority: Authority): Promise<ClientCredentials> => {
  const { context, publicUrl } = options;
  const { metadata, url, issuer } = authority;
  if (metadata !== undefined && metadata.registration_endpoint === undefined)
    throw new CountersignError(
      'upstream_auth_failed',
      `${context.upstream}: the authorization server registers nobody by itself; set auth.client_id`,
    );
  const redirectUri = publicUrl() + CALLBACK_PATH;
  const { client_id: _, ...document } = clientDocument(publicUrl());
  const methods = metadata?.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const preferred = ['client_secret_basic', 'client_secret_post', 'none'].find((method) =>
    methods.includes(method),
  );
  const clientMetadata = resolveClientMetadata({
    redirectUrl: redirectUri,
    clientMetadata: { ...document, token_endpoint_auth_method: preferred ?? 'none' },
  });
  const registered = await registerClient(url, {
    ...(metadata && { metadata }),
    clientMetadata,
    fetchFn: context.fetch,
  });
  const { client_id, client_secret, client_secret_expires_at, token_endpoint_auth_method } = registered;
  const client = {
    client_id,
    client_secret,
    token_endpoint_auth_method: token_endpoint_auth_method ?? preferred,
  };
  const registration: Registration = {
    issuer,
    redirectUri,
    client,
    ...(client_secret_expires_at && { expiresAt_ms: client_secret_expires_at * 1_000 }),
  };
  await context.store.write(keyOf(options, authority), registration);
  return client;
};
