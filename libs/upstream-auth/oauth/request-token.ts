import { assertSecureTokenEndpoint } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { OutboundFetch } from '#outbound/guarded-fetch.js';
import { TokenRefusedError } from './auth-failed.js';
import type { TokenEndpoint } from './authority.js';
import { authenticateClient, type ClientCredentials } from './client-authentication.js';

const TOKEN_CHARACTERS_MAX = 32 * 1024;

/** RFC 6750 section 2.1: what may stand in a header; anything else could write headers of its own. */
const token = z
  .string()
  .max(TOKEN_CHARACTERS_MAX)
  .regex(/^[A-Za-z0-9\-._~+/]+=*$/);

const answer = z.object({
  access_token: token,
  token_type: z.string(),
  expires_in: z.coerce
    .number()
    .int()
    .min(0)
    .max(10 * 365 * 86_400)
    .optional(),
  refresh_token: z.string().min(1).max(TOKEN_CHARACTERS_MAX).optional(),
  scope: z.string().max(4_096).optional(),
  issued_token_type: z.string().optional(),
});

export type TokenAnswer = z.output<typeof answer>;

export interface TokenRequest {
  readonly fetch: OutboundFetch;
  readonly authority: TokenEndpoint;
  readonly client: ClientCredentials;
  readonly form: Readonly<Record<string, string | undefined>>;
  /** What kind of token must come back; bearer unless the grant says otherwise. */
  readonly tokenType?: 'bearer' | 'n_a';
}

/**
 * One request to the token endpoint (RFC 6749 section 4 and 5).
 * @throws TokenRefusedError with the error code of the server, or `invalid_response`; TypeError when it is not reached;
 * an InsecureTokenEndpointError for plain HTTP beyond this machine
 */
export const requestToken = async (request: TokenRequest): Promise<TokenAnswer> => {
  const { fetch, authority, client, tokenType = 'bearer' } = request;
  const url = assertSecureTokenEndpoint(
    authority.metadata?.token_endpoint ?? new URL('/token', authority.url),
  );
  const headers = new Headers({
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  });
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(request.form)) if (value !== undefined) form.set(name, value);
  await authenticateClient(client, authority, headers, form);
  const response = await fetch(url, { method: 'POST', headers, body: form.toString() });
  const body: unknown = await response.json().catch(() => undefined);
  const { error } = (body ?? {}) as { error?: unknown };
  if (!response.ok || error !== undefined) throw new TokenRefusedError(errorCode(error, response.status));
  const parsed = answer.safeParse(body);
  if (!parsed.success) throw new TokenRefusedError('invalid_response');
  if (parsed.data.token_type.toLowerCase() !== tokenType)
    throw new TokenRefusedError('unsupported_token_type');
  return parsed.data;
};

const errorCode = (error: unknown, status: number): string =>
  typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : `http_${status}`;

/** Epoch milliseconds at which to stop using a token: a little before it expires. undefined: until it is refused. */
export const usableUntil = (
  { expires_in }: Pick<TokenAnswer, 'expires_in'>,
  now_ms: number,
): number | undefined => {
  if (expires_in === undefined) return undefined;
  const margin_s = Math.min(30, expires_in * 0.1);
  return now_ms + (expires_in - margin_s) * 1_000;
};
