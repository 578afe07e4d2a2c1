import type { OAuthConfig } from '#config/upstream-auth.schema.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import { configuredClient } from '../oauth/client-authentication.js';
import { requestToken } from '../oauth/request-token.js';
import type { UpstreamContext } from '../upstream-context.js';
import { keyOfSubject, subjectToken, TOKEN_EXCHANGE, TOKEN_TYPE } from './subject-token.js';
import { tokenAuth } from './token-auth.js';

type Config = Extract<OAuthConfig, { type: 'token_exchange' }>;

/**
 * The caller's token is exchanged for one for the upstream (RFC 8693). It goes to the token endpoint of `auth.issuer`
 * and nowhere else.
 */
export const tokenExchangeAuth = (context: UpstreamContext, config: Config): UpstreamAuth =>
  tokenAuth({
    context,
    config,
    perCaller: true,
    keyOf: keyOfSubject(config),
    obtain: async (authority, scope, caller) =>
      requestToken({
        fetch: context.fetch,
        authority,
        client: configuredClient(config, context.readSecret),
        form: {
          grant_type: TOKEN_EXCHANGE,
          subject_token: subjectToken(context, config, caller),
          subject_token_type: TOKEN_TYPE + config.subject_token_type,
          requested_token_type: `${TOKEN_TYPE}access_token`,
          audience: config.audience,
          resource: authority.resource,
          scope,
        },
      }),
  });
