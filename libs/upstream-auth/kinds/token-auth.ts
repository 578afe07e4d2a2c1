import type { UpstreamAuth, UpstreamCaller } from '#mcp/upstream/upstream-auth.types.js';
import { authFailed } from '../oauth/auth-failed.js';
import { type Authority, discoverAuthority } from '../oauth/authority.js';
import {
  addsScopes,
  type Challenge,
  chooseScope,
  readChallenge,
  uniteScopes,
  wantsMoreScopes,
} from '../oauth/challenge.js';
import { type TokenAnswer, usableUntil } from '../oauth/request-token.js';
import { singleFlight } from '../single-flight.js';
import type { UpstreamContext } from '../upstream-context.js';

export interface TokenAuthOptions {
  readonly perCaller: boolean;
  readonly context: UpstreamContext;
  readonly config: {
    readonly issuer?: string | undefined;
    readonly resource?: string | undefined;
    readonly scopes: readonly string[];
  };
  /** Which token serves this caller; undefined: a request of this caller carries none. */
  readonly keyOf: (caller: UpstreamCaller | undefined) => string | undefined;
  /** Gets a new token; the grant is what the kinds differ in. */
  readonly obtain: (
    authority: Authority,
    scope: string | undefined,
    caller: UpstreamCaller | undefined,
  ) => Promise<TokenAnswer>;
}

/** Of these none lives long; one more caller pushes out the one that was least recently used. */
const TOKENS_MAX = 1_000;
/** Each is another token request; a server that always wants more is refused after these. */
const STEP_UPS_MAX = 3;
const STEP_UP_WINDOW_MS = 10 * 60_000;

interface Held {
  readonly accessToken: string;
  readonly usableUntil_ms: number | undefined;
}

/**
 * Authentication without anybody at a browser: tokens are fetched when they are needed, kept in memory and fetched
 * again when they end or are refused. What discovery found is used until the server refuses a token, then looked up
 * again, so that a server can move to another authorization server (SEP-2352).
 */
export const tokenAuth = ({ context, config, perCaller, keyOf, obtain }: TokenAuthOptions): UpstreamAuth => {
  const { upstream, serverUrl, fetch, now } = context;
  const tokens = new Map<string, Held>();
  const fly = singleFlight<string>();
  const discover = singleFlight<Authority>();
  let authority: Authority | undefined;
  let wanted: string | undefined;
  let stepUps: number[] = [];

  const look = (challenge?: Challenge): Promise<Authority> =>
    discover(challenge?.resourceMetadataUrl ?? '', async () => {
      const url = challenge?.resourceMetadataUrl;
      const { issuer, resource } = config;
      const resourceMetadataUrl = url === undefined ? undefined : new URL(url);
      return discoverAuthority({ upstream, serverUrl, fetch, issuer, resource, resourceMetadataUrl });
    });

  const renew = (key: string, caller: UpstreamCaller | undefined): Promise<string> =>
    fly(key, async () => {
      try {
        authority ??= await look();
        const scope = chooseScope(config.scopes, wanted, authority);
        const answer = await obtain(authority, scope, caller);
        tokens.delete(key);
        tokens.set(key, { accessToken: answer.access_token, usableUntil_ms: usableUntil(answer, now()) });
        const [oldest] = tokens.keys();
        if (tokens.size > TOKENS_MAX && oldest !== undefined) tokens.delete(oldest);
        return answer.access_token;
      } catch (error) {
        throw authFailed(upstream, 'token request', error);
      }
    });

  const stepUp = (challenge: Challenge): boolean => {
    const current = authority && chooseScope(config.scopes, wanted, authority);
    const union = uniteScopes(current, challenge.scope);
    stepUps = stepUps.filter((at) => now() - at < STEP_UP_WINDOW_MS);
    if (!addsScopes(union, current) || stepUps.length >= STEP_UPS_MAX) return false;
    stepUps.push(now());
    wanted = union;
    return true;
  };

  return {
    perCaller,
    async headers(caller) {
      const key = keyOf(caller);
      if (key === undefined) return {};
      const held = tokens.get(key);
      if (held !== undefined && (held.usableUntil_ms === undefined || held.usableUntil_ms > now()))
        return bearer(held.accessToken);
      // A caller's request never goes without the caller's credential; the gateway's own may ask first.
      if (caller === undefined && authority === undefined) return {};
      return bearer(await renew(key, caller));
    },
    async challenged(status, wwwAuthenticate, caller) {
      const key = keyOf(caller);
      const challenge = readChallenge(status, wwwAuthenticate);
      if (key === undefined) return false;
      if (wantsMoreScopes(challenge)) {
        if (!stepUp(challenge)) return false;
      } else if (status === 401) {
        try {
          authority = await look(challenge);
        } catch (error) {
          throw authFailed(upstream, 'discovery', error);
        }
        wanted = uniteScopes(wanted, challenge.scope);
      } else return false;
      await renew(key, caller);
      return true;
    },
  };
};

export const bearer = (token: string): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${token}`,
});
