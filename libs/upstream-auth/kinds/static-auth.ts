import type { UpstreamAuthConfig } from '#config/upstream-auth.schema.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import type { ReadSecret } from '../oauth/client-authentication.js';

export const noAuth: UpstreamAuth = {
  headers: async () => ({}),
  challenged: async () => false,
};

/** One header for all callers, its value read each time so that a rotated secret needs no restart. */
export const headerAuth = (
  { name, value }: Extract<UpstreamAuthConfig, { type: 'header' }>,
  readSecret: ReadSecret,
): UpstreamAuth => ({
  headers: async () => ({ [name.toLowerCase()]: readSecret(value) }),
  challenged: async () => false,
});
