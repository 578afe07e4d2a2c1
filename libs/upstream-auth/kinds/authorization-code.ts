import type { OAuthConfig } from '#config/upstream-auth.schema.js';
import { CountersignError } from '#core/errors.js';
import type { UpstreamAuth, UpstreamCaller } from '#mcp/upstream/upstream-auth.types.js';
import { authFailed, TokenRefusedError } from '../oauth/auth-failed.js';
import { discoverAuthority } from '../oauth/authority.js';
import { addsScopes, readChallenge, uniteScopes, wantsMoreScopes } from '../oauth/challenge.js';
import { type ClientIdentityOptions, forgetRegistration, identifyClient } from '../oauth/client-identity.js';
import { requestToken, usableUntil } from '../oauth/request-token.js';
import { singleFlight } from '../single-flight.js';
import { type Owner, ownerOf, type UpstreamContext } from '../upstream-context.js';
import { consentedGrants, type Grant, type Need } from './consented-grant.js';
import { bearer } from './token-auth.js';

export type AuthorizationCodeConfig = Extract<OAuthConfig, { type: 'authorization_code' }>;

export interface AuthorizationCodeOptions {
  readonly context: UpstreamContext;
  readonly config: AuthorizationCodeConfig;
  readonly publicUrl: () => string;
}

/** So many times a server may want more scopes within the window; then its 403 stands. */
const STEP_UPS_MAX = 3;
const STEP_UP_WINDOW_MS = 10 * 60_000;
/** Refreshed just now for another request: that token is tried, not another one fetched. */
const REFRESH_PAUSE_MS = 1_000;

/** Whose consent serves a request: the one of the operator, or with `per_caller` the one of the caller. */
export const consentOwner = (
  { consent }: AuthorizationCodeConfig,
  caller: Pick<UpstreamCaller, 'issuer' | 'subject'> | undefined,
): Owner => (consent === 'shared' ? 'gateway' : ownerOf(caller));

export const consentNeeded = (upstream: string): CountersignError =>
  new CountersignError('upstream_consent_needed', upstream);

/**
 * Tokens that a person has consented to in a browser; the consent itself is in consent/. A request without one ends as
 * upstream_consent_needed before anything is sent. Refresh tokens rotate: what the server gave last is what is kept.
 */
export const authorizationCodeAuth = (options: AuthorizationCodeOptions): UpstreamAuth => {
  const { context, config } = options;
  const { upstream, serverUrl, fetch, store, now } = context;
  const grants = consentedGrants(store, upstream);
  const identity: ClientIdentityOptions = options;
  const fly = singleFlight<Grant>();
  const refreshedAt = new Map<Owner, number>();

  const askFor = async (owner: Owner, need: Need): Promise<never> => {
    await grants.setNeed(owner, need);
    throw consentNeeded(upstream);
  };

  const refresh = (owner: Owner, used: Grant): Promise<Grant> =>
    fly(owner, async () => {
      const grant = (await grants.grant(owner)) ?? used;
      // Another replica was faster.
      if (grant.accessToken !== used.accessToken) return grant;
      const { refreshToken, authority } = grant;
      if (refreshToken === undefined) return askFor(owner, { because: 'tokens_refused', scope: grant.scope });
      try {
        const client = await identifyClient(identity, authority);
        const answer = await requestToken({
          fetch,
          authority,
          client,
          form: { grant_type: 'refresh_token', refresh_token: refreshToken, resource: authority.resource },
        });
        const renewed: Grant = {
          ...grant,
          accessToken: answer.access_token,
          refreshToken: answer.refresh_token ?? refreshToken,
          usableUntil_ms: usableUntil(answer, now()),
        };
        // The server may have ended the old refresh token: not kept, the new one would be lost.
        await grants.keep(owner, renewed);
        refreshedAt.set(owner, now());
        return renewed;
      } catch (error) {
        if (!(error instanceof TokenRefusedError)) throw authFailed(upstream, 'refresh', error);
        const stored = await grants.grant(owner);
        if (stored !== undefined && stored.refreshToken !== refreshToken) return stored;
        // A wrong secret in the configuration must not cost anybody their consent.
        const isForgotten =
          config.client_id === undefined && /^(?:invalid|unauthorized)_client$/.test(error.code);
        if (isForgotten) await forgetRegistration(identity, authority);
        else if (error.code !== 'invalid_grant') throw authFailed(upstream, 'refresh', error);
        await grants.remove(owner);
        return askFor(owner, { because: 'tokens_refused', scope: grant.scope });
      }
    });

  const unauthorized = async (
    owner: Owner,
    challenge: ReturnType<typeof readChallenge>,
  ): Promise<boolean> => {
    const { resourceMetadataUrl, scope } = challenge;
    const grant = await grants.grant(owner);
    if (grant === undefined) return askFor(owner, { because: 'no_consent', resourceMetadataUrl, scope });
    const authority = await discoverAuthority({
      upstream,
      serverUrl,
      fetch,
      issuer: config.issuer,
      resource: config.resource,
      resourceMetadataUrl: resourceMetadataUrl === undefined ? undefined : new URL(resourceMetadataUrl),
    }).catch((error: unknown) => {
      throw authFailed(upstream, 'discovery', error);
    });
    // Tokens of one authorization server are never shown to another (SEP-2352).
    if (authority.issuer !== grant.authority.issuer)
      return askFor(owner, { because: 'other_issuer', resourceMetadataUrl, scope });
    if (now() - (refreshedAt.get(owner) ?? Number.NEGATIVE_INFINITY) < REFRESH_PAUSE_MS) return true;
    if (grant.refreshToken === undefined)
      return askFor(owner, {
        because: 'tokens_refused',
        resourceMetadataUrl,
        scope: uniteScopes(grant.scope, scope),
      });
    await refresh(owner, grant);
    return true;
  };

  const moreScopes = async (owner: Owner, challenge: ReturnType<typeof readChallenge>): Promise<boolean> => {
    const grant = await grants.grant(owner);
    const union = uniteScopes(grant?.scope, challenge.scope);
    const recent = (await grants.stepUps(owner)).filter((at) => now() - at < STEP_UP_WINDOW_MS);
    // Asked for already, or asked for too often: another consent would not end it.
    if (!addsScopes(union, grant?.scope) || recent.length >= STEP_UPS_MAX) return false;
    await grants.setStepUps(owner, [...recent, now()]);
    const { resourceMetadataUrl } = challenge;
    return askFor(owner, { because: 'more_scopes', resourceMetadataUrl, scope: union });
  };

  return {
    perCaller: config.consent === 'per_caller',
    async headers(caller) {
      const owner = consentOwner(config, caller);
      const grant = await grants.grant(owner);
      if (grant === undefined) {
        // The gateway may ask first, and learn from the challenge what to consent to; a caller's request waits.
        if (owner === 'gateway' && (await grants.need(owner)) === undefined) return {};
        throw consentNeeded(upstream);
      }
      const isUsable = grant.usableUntil_ms === undefined || grant.usableUntil_ms > now();
      return bearer((isUsable ? grant : await refresh(owner, grant)).accessToken);
    },
    async challenged(status, wwwAuthenticate, caller) {
      const owner = consentOwner(config, caller);
      const challenge = readChallenge(status, wwwAuthenticate);
      if (wantsMoreScopes(challenge)) return moreScopes(owner, challenge);
      return status === 401 ? unauthorized(owner, challenge) : false;
    },
  };
};
