import type { OAuthConfig } from '#config/upstream-auth.schema.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import { configuredClient } from '../oauth/client-authentication.js';
import { requestToken } from '../oauth/request-token.js';
import type { UpstreamContext } from '../upstream-context.js';
import { tokenAuth } from './token-auth.js';

type Config = Extract<OAuthConfig, { type: 'client_credentials' }>;

/** The gateway as itself, the same for all callers (RFC 6749 section 4.4). */
export const clientCredentialsAuth = (context: UpstreamContext, config: Config): UpstreamAuth =>
  tokenAuth({
    context,
    config,
    perCaller: false,
    keyOf: () => 'gateway',
    obtain: (authority, scope) =>
      requestToken({
        fetch: context.fetch,
        authority,
        client: configuredClient(config, context.readSecret),
        form: { grant_type: 'client_credentials', scope, resource: authority.resource },
      }),
  });
