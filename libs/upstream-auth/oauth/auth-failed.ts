import { CountersignError } from '#core/errors.js';
import { OutboundRefusedError } from '#outbound/guarded-connect.js';

/** The authorization server said no (RFC 6749 section 5.2), with one of the registered codes or none we know. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
  constructor(readonly code: string) {
    super(code);
  }
}

/**
 * Any failure on the way to a credential as upstream_auth_failed. Its detail is made of codes and names of errors,
 * never of messages: these repeat what a stranger wrote, sometimes tokens.
 */
export const authFailed = (upstream: string, doing: string, error: unknown): CountersignError =>
  error instanceof CountersignError
    ? error
    : new CountersignError('upstream_auth_failed', `${upstream}: ${doing}: ${wordOf(error)}`);

const wordOf = (error: unknown): string => {
  if (error instanceof TokenRefusedError) return error.code;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof OutboundRefusedError) return 'address refused';
  const code = codeIn(cause) ?? codeIn(error);
  if (code !== undefined) return code;
  return error instanceof Error ? error.name : 'unknown';
};

const codeIn = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : undefined;
};
