import { CountersignError, type ErrorCode } from '#core/errors.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';

/**
 * Tells what is wrong with the credentials of the gateway's own requests (lists), for operators; null once there are
 * some again. What is wrong with those of a caller is that caller's matter.
 */
export const watchedAuth = (auth: UpstreamAuth, tell: (problem: ErrorCode | null) => void): UpstreamAuth => {
  const telling = async <Answer>(own: boolean, ask: Promise<Answer>): Promise<Answer> => {
    try {
      return await ask;
    } catch (error) {
      if (own && error instanceof CountersignError) tell(error.code);
      throw error;
    }
  };
  return {
    ...auth,
    async headers(caller) {
      const headers = await telling(caller === undefined, auth.headers(caller));
      if (caller === undefined && Object.keys(headers).length > 0) tell(null);
      return headers;
    },
    async challenged(status, wwwAuthenticate, caller) {
      const again = await telling(caller === undefined, auth.challenged(status, wwwAuthenticate, caller));
      if (caller === undefined && !again) tell('upstream_auth_failed');
      return again;
    },
  };
};
