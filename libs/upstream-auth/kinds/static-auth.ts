import type { UpstreamAuthConfig } from '#config/upstream-auth.schema.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import { authFailed } from '../oauth/auth-failed.js';
import type { UpstreamContext } from '../upstream-context.js';

export const noAuth: UpstreamAuth = {
  headers: async () => ({}),
  challenged: async () => false,
};

/** One header for all callers, its value read each time so that a rotated secret needs no restart. */
export const headerAuth = (
  { upstream, readSecret }: UpstreamContext,
  { name, value }: Extract<UpstreamAuthConfig, { type: 'header' }>,
): UpstreamAuth => ({
  headers: async () => {
    try {
      return { [name.toLowerCase()]: readSecret(value) };
    } catch (error) {
      throw authFailed(upstream, 'secret', error);
    }
  },
  challenged: async () => false,
});
