import type { UpstreamAuthConfig } from '#config/upstream-auth.schema.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import { authorizationCodeAuth } from './kinds/authorization-code.js';
import { clientCredentialsAuth } from './kinds/client-credentials.js';
import { idJagAuth } from './kinds/id-jag.js';
import { headerAuth, noAuth } from './kinds/static-auth.js';
import { tokenExchangeAuth } from './kinds/token-exchange.js';
import type { UpstreamContext } from './upstream-context.js';

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
      return headerAuth(config, context.readSecret);
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
