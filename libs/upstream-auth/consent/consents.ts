import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { validateAuthorizationResponseIssuer } from '@modelcontextprotocol/client';
import { CountersignError } from '#core/errors.js';
import type { Actor } from '#core/evidence/entry.js';
import type { ConsentEvent, ConsentOwner } from '#core/upstream/consent.events.js';
import type { AuthorizationCodeOptions } from '../kinds/authorization-code.js';
import { consentedGrants, type Grant } from '../kinds/consented-grant.js';
import { authFailed, TokenRefusedError } from '../oauth/auth-failed.js';
import { identifyClient } from '../oauth/client-identity.js';
import { requestToken, type TokenAnswer, usableUntil } from '../oauth/request-token.js';
import type { SealedStore } from '../store/sealed-store.js';
import type { Owner } from '../upstream-context.js';
import { type AuthorizationRequest, authorizationRequest } from './authorization-request.js';
import { revokeTokens } from './revoke-tokens.js';

export interface ConsentsOptions {
  /** Upstreams with `auth.type: authorization_code`, by name. */
  readonly upstreams: ReadonlyMap<string, AuthorizationCodeOptions>;
  readonly store: SealedStore;
  readonly publicUrl: () => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Durable once it returns. `expected`: revision of the last event of this consent, -1 for the first. */
  readonly record: (consentId: string, expected: number, actor: Actor, event: ConsentEvent) => Promise<void>;
  /** Told after a consent whose tokens are kept. Must not throw. */
  readonly onGranted: (upstream: string) => void;
}

/** Whose consent, and who asked for it: the same person, or an operator for the gateway. */
interface Subject {
  readonly upstream: string;
  readonly owner: Owner;
  readonly principal: string;
  readonly actor: Actor;
}

interface Link extends Subject {
  readonly consentId: string;
  readonly expiresAt_ms: number;
  /** Hash of the cookie of the one browser that has opened it. */
  readonly browser?: string;
}

interface Flow extends Link {
  readonly request: AuthorizationRequest;
}

/** What the authorization server appended to the callback address. */
export interface CallbackAnswer {
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  readonly iss?: string | undefined;
  readonly error?: string | undefined;
}

const LINK_MS = 5 * 60_000;
const FLOW_MS = 10 * 60_000;
const SECRET = /^[\w-]{43}$/;
const newSecret = (): string => randomBytes(32).toString('base64url');
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const kindOf = (owner: Owner): ConsentOwner => (owner === 'gateway' ? 'gateway' : 'caller');
const invalid = (why: string): CountersignError => new CountersignError('consent_invalid', why);

export type Consents = ReturnType<typeof openConsents>;

/**
 * Consents brokered by the gateway: an authenticated request gets a link, a browser opens it, is bound to it by a
 * cookie, goes to the authorization server and comes back (authorization code, PKCE, `iss` of RFC 9207). Links and
 * states are random, sealed at rest, single use, and end after minutes.
 */
export const openConsents = (options: ConsentsOptions) => {
  const { upstreams, store, publicUrl, now, record, onGranted } = options;
  const optionsOf = (upstream: string): AuthorizationCodeOptions => {
    const options = upstreams.get(upstream);
    if (options === undefined) throw new CountersignError('not_found', upstream);
    return options;
  };

  const readLink = (found: unknown, upstream: string): Link => {
    const link = found as Link | undefined;
    if (link === undefined || link.upstream !== upstream || link.expiresAt_ms <= now())
      throw invalid('the link is not known, or its time is over');
    return link;
  };

  const refuse = async ({ consentId, actor, upstream, owner }: Link, reason: string): Promise<void> =>
    record(consentId, 0, actor, {
      type: 'UpstreamConsentRefused',
      v: 1,
      data: { upstream, owner: kindOf(owner), reason },
    });

  const redeem = async ({ upstream, request }: Flow, code: string): Promise<TokenAnswer> => {
    const options = optionsOf(upstream);
    const { authority, verifier, redirectUri } = request;
    const client = await identifyClient(options, authority);
    return requestToken({
      fetch: options.context.fetch,
      authority,
      client,
      form: {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: redirectUri,
        resource: authority.resource,
      },
    });
  };

  const keep = async (flow: Flow, answer: TokenAnswer): Promise<void> => {
    const { upstream, owner, actor, consentId, principal, request } = flow;
    const { authority, scope } = request;
    const data = { upstream, owner: kindOf(owner), issuer: authority.issuer, scope: scope ?? '' };
    await record(consentId, 0, actor, { type: 'UpstreamConsentGranted', v: 1, data });
    // A crash here leaves a consent on record without tokens: the next request asks for consent again.
    const grant: Grant = {
      authority,
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
      usableUntil_ms: usableUntil(answer, now()),
      scope,
      consent: { id: consentId, principal, at: new Date(now()).toISOString() },
    };
    const grants = consentedGrants(store, upstream);
    await grants.keep(owner, grant);
    await grants.clearNeed(owner);
    onGranted(upstream);
  };

  /** Why the answer is not accepted; undefined when it is. */
  const objectionTo = ({ request, browser, expiresAt_ms }: Flow, answer: CallbackAnswer, cookie: string) => {
    if (browser !== hashOf(cookie)) return 'other_browser';
    if (expiresAt_ms <= now()) return 'expired';
    const { metadata } = request.authority;
    try {
      validateAuthorizationResponseIssuer({
        iss: answer.iss,
        expectedIssuer: metadata?.issuer,
        issParameterSupported: metadata?.authorization_response_iss_parameter_supported === true,
      });
    } catch {
      return 'issuer_mismatch';
    }
    if (answer.error !== undefined) return /^[a-z_]{1,40}$/.test(answer.error) ? answer.error : 'error';
    return answer.code === undefined ? 'no_code' : undefined;
  };

  return {
    /** A link for a browser; give it only to `principal`. @throws CountersignError not_found, ledger_* */
    async begin(subject: Subject): Promise<{ url: string; expiresAt: string }> {
      const { upstream, owner, actor } = subject;
      optionsOf(upstream);
      const consentId = randomUUID();
      const secret = newSecret();
      const expiresAt_ms = now() + LINK_MS;
      const data = { upstream, owner: kindOf(owner) };
      await record(consentId, -1, actor, { type: 'UpstreamConsentRequested', v: 1, data });
      const link: Link = { ...subject, consentId, expiresAt_ms };
      await store.write(`link/${hashOf(secret)}`, link);
      const url = `${publicUrl()}/upstreams/${upstream}/authorize?link=${secret}`;
      return { url, expiresAt: new Date(expiresAt_ms).toISOString() };
    },

    /**
     * A browser opens the link and is bound to it. Programs that only look at links use nothing up.
     * @returns whose consent it is, for the page to say, and the cookie
     * @throws CountersignError consent_invalid
     */
    async open(upstream: string, secret: string, cookie: string | undefined) {
      const key = `link/${hashOf(secret)}`;
      const link = readLink(await store.read(key), upstream);
      const own = cookie !== undefined && SECRET.test(cookie) ? cookie : newSecret();
      if (link.browser !== undefined && link.browser !== hashOf(own))
        throw invalid('the link was opened in another browser');
      if (link.browser === undefined) await store.write(key, { ...link, browser: hashOf(own) });
      return { principal: link.principal, owner: kindOf(link.owner), cookie: own };
    },

    /**
     * The person wants to go on: uses the link up.
     * @returns where the browser goes
     * @throws CountersignError consent_invalid, upstream_auth_failed
     */
    async start(upstream: string, secret: string, cookie: string | undefined): Promise<URL> {
      const link = readLink(await store.take(`link/${hashOf(secret)}`), upstream);
      if (cookie === undefined || link.browser !== hashOf(cookie)) {
        await refuse(link, 'other_browser');
        throw invalid('the link was opened in another browser');
      }
      const state = newSecret();
      try {
        const { url, request } = await authorizationRequest(optionsOf(upstream), link.owner, state);
        const flow: Flow = { ...link, expiresAt_ms: now() + FLOW_MS, request };
        await store.write(`flow/${hashOf(state)}`, flow);
        return url;
      } catch (error) {
        await refuse(link, error instanceof CountersignError ? error.code : 'error');
        throw error;
      }
    },

    /**
     * The browser is back: checks the answer, redeems the code, keeps the tokens.
     * @throws CountersignError consent_invalid, upstream_auth_failed, ledger_*
     */
    async finish(answer: CallbackAnswer, cookie: string | undefined): Promise<{ upstream: string }> {
      const { state, code } = answer;
      if (state === undefined || !SECRET.test(state)) throw invalid('there is no state');
      const flow = (await store.take(`flow/${hashOf(state)}`)) as Flow | undefined;
      if (flow === undefined) throw invalid('the state is not known, or was used before');
      const { upstream } = flow;
      const objection = objectionTo(flow, answer, cookie ?? '');
      if (objection !== undefined || code === undefined) {
        await refuse(flow, objection ?? 'no_code');
        throw invalid(`${upstream}: ${objection ?? 'no_code'}`);
      }
      let tokens: TokenAnswer;
      try {
        tokens = await redeem(flow, code);
      } catch (error) {
        await refuse(flow, error instanceof TokenRefusedError ? error.code : 'token_request_failed');
        throw authFailed(upstream, 'code', error);
      }
      await keep(flow, tokens);
      return { upstream };
    },

    /**
     * Ends a consent: on record, then the tokens are removed, then the authorization server is told.
     * @throws CountersignError not_found when there is none, ledger_*
     */
    async revoke(upstream: string, owner: Owner, actor: Actor): Promise<void> {
      const options = optionsOf(upstream);
      const grants = consentedGrants(store, upstream);
      const grant = await grants.grant(owner);
      if (grant === undefined) throw new CountersignError('not_found', `${upstream}: no consent`);
      const data = { upstream, owner: kindOf(owner), issuer: grant.authority.issuer };
      await record(grant.consent.id, 1, actor, { type: 'UpstreamConsentRevoked', v: 1, data }).catch(
        (error: unknown) => {
          // Recorded by an attempt that ended before the tokens were removed.
          if (!(error instanceof CountersignError && error.code === 'revision_conflict')) throw error;
        },
      );
      await grants.remove(owner);
      await grants.setNeed(owner, { because: 'no_consent', scope: grant.scope });
      await revokeTokens(options, grant);
    },

    /** What an operator sees; never a token. */
    async state(upstream: string, owner: Owner) {
      optionsOf(upstream);
      const grants = consentedGrants(store, upstream);
      const [grant, need] = [await grants.grant(owner), await grants.need(owner)];
      if (grant === undefined)
        return { state: 'needs_consent' as const, because: need?.because ?? 'no_consent' };
      const { consent, authority, scope, refreshToken, usableUntil_ms } = grant;
      return {
        state: need === undefined ? ('connected' as const) : ('needs_consent' as const),
        ...(need === undefined ? {} : { because: need.because }),
        issuer: authority.issuer,
        scope: scope ?? '',
        consentedBy: consent.principal,
        consentedAt: consent.at,
        renews: refreshToken !== undefined,
        expiresAt: usableUntil_ms === undefined ? null : new Date(usableUntil_ms).toISOString(),
      };
    },
  };
};
