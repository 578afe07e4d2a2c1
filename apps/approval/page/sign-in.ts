import { createHash, randomBytes } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import type { AccessToken } from './access-token.js';
import type { Checks, IssuerClient } from './issuer-client.js';
import type { PageAddress } from './page-address.js';
import type { SealedValues } from './sealed-values.js';

/** A person reads and types for so long at the issuer. */
export const SIGN_IN_S = 600;
const SECRET = /^[\w-]{43}$/;

/** Approval ids; the inbox is the empty one. Never an address, so that nobody is sent elsewhere. */
const TARGET = /^[\w.:-]{0,150}$/;

export interface Started {
  readonly url: URL;
  /** Binds the sign-in to this browser. */
  readonly cookie: string;
}

/**
 * Sign-ins under way are kept by nobody: what has to come back is sealed into `state`, and opens only for the browser that
 * began, by its cookie. The issuer takes each code once, and only with the verifier that is sealed in there.
 */
export interface SignIn {
  /** @throws CountersignError identity_unavailable */
  begin(target: string, cookie: string | undefined, now_ms: number): Promise<Started>;
  /** @throws CountersignError login_failed, identity_unavailable */
  finish(
    query: string,
    cookie: string | undefined,
    now_ms: number,
  ): Promise<{ held: AccessToken; target: string }>;
}

interface UnderWay extends Omit<Checks, 'state'> {
  readonly target: string;
  readonly until_ms: number;
}

const bindingOf = (cookie: string): string => `sign-in ${createHash('sha256').update(cookie).digest('hex')}`;

export const signIn = (client: IssuerClient, sealed: SealedValues, address: () => PageAddress): SignIn => ({
  begin: async (target, known, now_ms) => {
    // One cookie for all tabs of a browser, so that a second one does not end the sign-in of the first.
    const cookie = known !== undefined && SECRET.test(known) ? known : randomBytes(32).toString('base64url');
    const underWay: UnderWay = {
      ...(await client.newChecks()),
      target: TARGET.test(target) ? target : '',
      until_ms: now_ms + SIGN_IN_S * 1_000,
    };
    const state = sealed.seal(underWay, bindingOf(cookie));
    return { url: await client.authorizationUrl({ ...underWay, state }), cookie };
  },
  finish: async (query, cookie, now_ms) => {
    const state = new URLSearchParams(query).get('state');
    if (state === null || cookie === undefined)
      throw new CountersignError('login_failed', 'it was not begun in this browser');
    const underWay = sealed.open(state, bindingOf(cookie)) as UnderWay | undefined;
    if (underWay === undefined)
      throw new CountersignError('login_failed', 'it was not begun here, or not in this browser');
    if (underWay.until_ms <= now_ms) throw new CountersignError('login_failed', 'it took too long');
    const callback = new URL(`${address().base}/approvals/login/callback?${query}`);
    return { held: await client.redeem(callback, { ...underWay, state }), target: underWay.target };
  },
});
