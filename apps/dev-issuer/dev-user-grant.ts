import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import { DEV_USER_GRANT } from '#identity/dev-token-request.js';

export const TTL_S_MAX = 24 * 60 * 60;

type IssueToken = (user: string, ttl_s: number, audience: readonly string[]) => Promise<string>;

const asList = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');

/** Adds the grant that turns a user name into a token at the token endpoint: for the CLI and tests, never for browsers. */
export const registerDevUserGrant = (provider: Provider, issueToken: IssueToken): void => {
  provider.registerGrantType(
    DEV_USER_GRANT,
    async (ctx) => {
      // A page in the developer's browser must not be able to use it, whatever its origin.
      if (ctx.get('Origin') !== '') throw new errors.InvalidRequest('this grant is not for browsers');
      const { user, ttl, resource } = ctx.oidc.params as Record<string, unknown>;
      const ttl_s = typeof ttl === 'string' && /^\d{1,6}$/.test(ttl) ? Number(ttl) : Number.NaN;
      try {
        const access_token = await issueToken(String(user), ttl_s, asList(resource));
        ctx.body = { access_token, token_type: 'Bearer', expires_in: ttl_s };
      } catch (error) {
        throw new errors.InvalidRequest(
          error instanceof RangeError ? error.message : 'no token could be made',
        );
      }
    },
    ['user', 'ttl', 'resource'],
    ['resource'],
  );
};
