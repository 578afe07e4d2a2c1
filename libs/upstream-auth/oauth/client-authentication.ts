import { createPrivateKeyJwtAuth, selectClientAuthMethod } from '@modelcontextprotocol/client';
import type { SecretRef } from '#config/secret.schema.js';
import type { ClientConfig } from '#config/upstream-auth.schema.js';
import type { TokenEndpoint } from './authority.js';

/** What proves to a token endpoint who we are. */
export interface ClientCredentials {
  readonly client_id: string;
  readonly client_secret?: string | undefined;
  readonly token_endpoint_auth_method?: string | undefined;
  readonly private_key?: string | undefined;
  readonly algorithm?: string | undefined;
}

/** Secrets are read when they are used, so that a rotated one needs no restart. */
export type ReadSecret = (reference: SecretRef) => string;

export const configuredClient = (
  config: ClientConfig & { readonly client_id: string },
  readSecret: ReadSecret,
): ClientCredentials => ({
  client_id: config.client_id,
  ...(config.client_secret && { client_secret: readSecret(config.client_secret) }),
  ...(config.client_auth && { token_endpoint_auth_method: config.client_auth }),
  ...(config.private_key && { private_key: readSecret(config.private_key), algorithm: config.algorithm }),
});

/** Adds what authenticates the client to a token request: RFC 6749 section 2.3.1, RFC 7523 section 2.2, or client_id. */
export const authenticateClient = async (
  client: ClientCredentials,
  { metadata, issuer }: TokenEndpoint,
  headers: Headers,
  form: URLSearchParams,
): Promise<void> => {
  const { client_id, client_secret, private_key, algorithm = 'ES256' } = client;
  if (private_key !== undefined) {
    const sign = createPrivateKeyJwtAuth({
      issuer: client_id,
      subject: client_id,
      privateKey: private_key,
      alg: algorithm,
      audience: issuer,
      lifetimeSeconds: 60,
    });
    await sign(headers, form, issuer);
    return;
  }
  const methods = metadata?.token_endpoint_auth_methods_supported ?? [];
  const method =
    client_secret === undefined
      ? 'none'
      : selectClientAuthMethod(
          {
            client_id,
            client_secret,
            ...(client.token_endpoint_auth_method && {
              token_endpoint_auth_method: client.token_endpoint_auth_method,
              redirect_uris: [],
            }),
          },
          methods,
        );
  if (method === 'client_secret_basic' && client_secret !== undefined) {
    const pair = `${formEncoded(client_id)}:${formEncoded(client_secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
    return;
  }
  form.set('client_id', client_id);
  if (method === 'client_secret_post' && client_secret !== undefined)
    form.set('client_secret', client_secret);
};

/** RFC 6749 section 2.3.1 wants both parts form-encoded before they are joined. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
