import { isRecord } from './claims.js';

/** Grant of the development issuer (apps/dev-issuer): a token for a demo user without a password. */
export const DEV_USER_GRANT = 'urn:countersign:params:oauth:grant-type:dev-user';
/** The public client that may use it. */
export const DEV_CLIENT_ID = 'countersign-cli';

/** The public client that approvers sign in with on the approval page. */
export const DEV_APPROVAL_CLIENT_ID = 'countersign-approvals';

export interface DevTokenRequest {
  readonly issuer: string;
  readonly user: string;
  readonly ttl_s: number;
  /** Audiences of the token (RFC 8707); all of them must be known to the issuer. */
  readonly resources: readonly string[];
}

const DEADLINE_MS = 5_000;

const postForm = async (url: string, form: URLSearchParams): Promise<unknown> => {
  const response = await fetch(url, { method: 'POST', body: form, signal: AbortSignal.timeout(DEADLINE_MS) });
  return response.json();
};

/**
 * Asks the development issuer for one access token.
 * @throws Error with the issuer's own words when it refuses (unknown user or resource, ttl out of bounds)
 */
export const requestDevToken = async ({
  issuer,
  user,
  ttl_s,
  resources,
}: DevTokenRequest): Promise<string> => {
  const form = new URLSearchParams({
    grant_type: DEV_USER_GRANT,
    client_id: DEV_CLIENT_ID,
    user,
    ttl: String(ttl_s),
  });
  for (const resource of resources) form.append('resource', resource);
  const answer = await postForm(`${issuer.replace(/\/$/, '')}/token`, form);
  if (isRecord(answer) && typeof answer['access_token'] === 'string') return answer['access_token'];
  const reason = isRecord(answer) ? (answer['error_description'] ?? answer['error']) : undefined;
  throw new Error(`the development issuer gave no token: ${String(reason ?? 'unexpected answer')}`);
};
