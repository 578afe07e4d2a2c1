import { z } from 'zod';
import { secret } from './secret.schema.js';

/** How approvers sign in on the approval page. */
export const loginSchema = z
  .strictObject({
    issuer: z.url({ protocol: /^https?$/ }).describe('one of identity.issuers: where approvers sign in'),
    client_id: z
      .string()
      .min(1)
      .describe(
        'the page as the issuer knows it; a client of its own, with the redirect address <page_url>/approvals/login/callback',
      ),
    client_secret: secret
      .optional()
      .describe('where the client secret is found; without it a public client, PKCE alone'),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'one scope an entry'))
      .default(['openid'])
      .refine((scopes) => scopes.includes('openid'), 'must contain openid')
      .describe('scopes to ask for'),
    resource: z
      .boolean()
      .default(true)
      .describe(
        'ask for a token for the REST edge by its address (RFC 8707); false for issuers that go by scopes (identity.issuers[].audiences)',
      ),
    session_key: secret
      .optional()
      .describe(
        'secret of 32 characters or more that seals sessions, the same for all replicas; default: a new one at each start',
      ),
    session_s_max: z
      .number()
      .int()
      .min(60)
      .max(43_200)
      .default(3_600)
      .describe('a session ends after so many seconds, and never later than its token'),
  })
  .optional()
  .describe('sign-in on the approval page; without it there is no page');
