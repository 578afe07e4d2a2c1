import type { SecretRef } from '#config/secret.schema.js';
import type { UpstreamAuthConfig } from '#config/upstream-auth.schema.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import { authorizationCodeAuth } from './kinds/authorization-code.js';
import { clientCredentialsAuth } from './kinds/client-credentials.js';
import { idJagAuth } from './kinds/id-jag.js';
import { headerAuth, noAuth } from './kinds/static-auth.js';
import { tokenExchangeAuth } from './kinds/token-exchange.js';
import type { ReadSecret } from './oauth/client-authentication.js';
import type { UpstreamContext } from './upstream-context.js';

/** Reads every secret that the configuration names, so that a missing one stops the start. @throws ConfigError */
export const requireSecrets = (config: UpstreamAuthConfig, readSecret: ReadSecret): void => {
  const settings: object[] = 'idp' in config ? [config, config.idp] : [config];
  for (const value of settings.flatMap((one) => Object.values(one) as unknown[]))
    if (isReference(value)) readSecret(value);
};

const isReference = (value: unknown): value is SecretRef =>
  typeof value === 'object' && value !== null && ('env' in value || 'file' in value);

/** The configured way of authenticating at one upstream. */
export const openUpstreamAuth = (
  context: UpstreamContext,
  config: UpstreamAuthConfig,
  publicUrl: () => string,
): UpstreamAuth => {
  switch (config.type) {
    case 'none':
      return noAuth;
    case 'header':
      return headerAuth(context, config);
    case 'client_credentials':
      return clientCredentialsAuth(context, config);
    case 'authorization_code':
      return authorizationCodeAuth({ context, config, publicUrl });
    case 'token_exchange':
      return tokenExchangeAuth(context, config);
    case 'id_jag':
      return idJagAuth(context, config);
  }
};
