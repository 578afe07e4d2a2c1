import { assertSecureTokenEndpoint } from '@modelcontextprotocol/client';
import type { AuthorizationCodeOptions } from '../kinds/authorization-code.js';
import type { Grant } from '../kinds/consented-grant.js';
import { authenticateClient } from '../oauth/client-authentication.js';
import { identifyClient } from '../oauth/client-identity.js';

/**
 * Tells the authorization server, where it can be told, that the tokens are not used any more (RFC 7009). Never
 * rejects: the gateway has forgotten them already.
 */
export const revokeTokens = async (options: AuthorizationCodeOptions, grant: Grant): Promise<void> => {
  const { authority, refreshToken, accessToken } = grant;
  const { metadata = {} } = authority;
  // Only one of the two kinds of metadata declares it.
  const endpoint = 'revocation_endpoint' in metadata ? metadata.revocation_endpoint : undefined;
  if (typeof endpoint !== 'string') return;
  try {
    const url = assertSecureTokenEndpoint(endpoint);
    const form = new URLSearchParams({ token: refreshToken ?? accessToken });
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
    await authenticateClient(await identifyClient(options, authority), authority, headers, form);
    await options.context.fetch(url, { method: 'POST', headers, body: form.toString() });
  } catch {
    // They end by themselves.
  }
};
