import { buildDiscoveryUrls } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { CountersignError } from '#core/errors.js';
import type { OutboundFetch } from '#outbound/guarded-fetch.js';

const document = z.looseObject({
  issuer: z.string(),
  token_endpoint: z.string(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});

/** An authorization server of which only the token endpoint is used. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly url: string;
  readonly metadata: z.output<typeof document>;
}

/**
 * Metadata of a configured issuer (RFC 8414, OpenID Connect Discovery), as far as a token request needs it: identity
 * providers that only exchange tokens leave out what RFC 8414 wants of the others.
 * @throws CountersignError upstream_auth_failed; TypeError when it is not reached
 */
export const discoverTokenIssuer = async (
  upstream: string,
  issuer: string,
  fetch: OutboundFetch,
): Promise<TokenIssuer> => {
  for (const { url } of buildDiscoveryUrls(issuer)) {
    const answer = await fetch(url, { headers: { accept: 'application/json' } });
    if (!answer.ok) continue;
    const parsed = document.safeParse(await answer.json().catch(() => undefined));
    if (parsed.success && parsed.data.issuer === issuer)
      return { issuer, url: issuer, metadata: parsed.data };
    throw new CountersignError(
      'upstream_auth_failed',
      `${upstream}: the metadata of the identity provider is not its own`,
    );
  }
  throw new CountersignError('upstream_auth_failed', `${upstream}: the identity provider has no metadata`);
};
