import type { OAuthConfig } from '#config/upstream-auth.schema.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import { TokenRefusedError } from '../oauth/auth-failed.js';
import { configuredClient } from '../oauth/client-authentication.js';
import { requestToken } from '../oauth/request-token.js';
import { discoverTokenIssuer, type TokenIssuer } from '../oauth/token-issuer.js';
import type { UpstreamContext } from '../upstream-context.js';
import { keyOfSubject, subjectToken, TOKEN_EXCHANGE, TOKEN_TYPE } from './subject-token.js';
import { tokenAuth } from './token-auth.js';

type Config = Extract<OAuthConfig, { type: 'id_jag' }>;

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/**
 * Enterprise-managed authorization: the identity provider turns the caller's token into an assertion for the
 * authorization server of the upstream (ID-JAG, by token exchange), which gives an access token for it (RFC 7523
 * section 2.1). The caller's token goes to the identity provider only, the assertion to that authorization server only.
 */
export const idJagAuth = (context: UpstreamContext, config: Config): UpstreamAuth => {
  const { fetch, readSecret, upstream } = context;
  let provider: TokenIssuer | undefined;

  return tokenAuth({
    context,
    config,
    perCaller: true,
    keyOf: keyOfSubject(config),
    obtain: async (authority, scope, caller) => {
      provider ??= await discoverTokenIssuer(upstream, config.idp.issuer, fetch);
      const assertion = await requestToken({
        fetch,
        authority: provider,
        client: configuredClient(config.idp, readSecret),
        tokenType: 'n_a',
        form: {
          grant_type: TOKEN_EXCHANGE,
          requested_token_type: `${TOKEN_TYPE}id-jag`,
          audience: authority.issuer,
          resource: authority.resource ?? context.serverUrl.href,
          subject_token: subjectToken(context, config, caller),
          subject_token_type: TOKEN_TYPE + config.subject_token_type,
          scope,
        },
      });
      if (assertion.issued_token_type !== `${TOKEN_TYPE}id-jag`)
        throw new TokenRefusedError('unsupported_token_type');
      return requestToken({
        fetch,
        authority,
        client: configuredClient(config, readSecret),
        form: {
          grant_type: JWT_BEARER,
          assertion: assertion.access_token,
          scope,
          resource: authority.resource,
        },
      });
    },
  });
};
