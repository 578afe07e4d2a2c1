import { randomUUID } from 'node:crypto';
import type { Bus } from '#bus/bus.js';
import { CountersignError } from '#core/errors.js';
import { type RestCaller, withRoles } from '#http/rest-caller.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { type AccessToken, callerOf } from './access-token.js';
import { type CookieRules, clearParts, readParts, writeParts } from './cookies.js';
import type { SealedValues } from './sealed-values.js';

const NAME = 'countersign-approver';
const BINDING = 'session';

export interface Session extends AccessToken {
  readonly id: string;
  /** Absent in those of an earlier release. */
  readonly begun_s?: number;
  readonly until_s: number;
}

/** Somebody who is signed in, as their token says now. */
export interface SignedIn {
  readonly caller: RestCaller;
  readonly session: Session;
  /** Of this session and this form; only we can make it. */
  formToken(form: string): string;
  isFormToken(token: string, form: string): boolean;
}

/**
 * The access token and its key, sealed in the browser's cookie: it survives restarts and other replicas, and no script can
 * read it.
 */
export interface Sessions {
  /** Cookies to set. @throws CountersignError as the REST edge's; login_failed for a token that fits no cookie */
  begin(held: AccessToken, isSecure: boolean): Promise<readonly string[]>;
  /**
   * Undefined without a session, or when it was ended, or when its token is not good (any more). The token is verified, and
   * the roles are asked for, each time, exactly as at the REST edge. @throws CountersignError when neither can be found out
   */
  find(cookies: string | undefined, isSecure: boolean): Promise<SignedIn | undefined>;
  /** Cookies to set: this browser forgets it. */
  clear(isSecure: boolean): readonly string[];
}

export interface SessionsOptions {
  readonly sealed: SealedValues;
  readonly resourceServer: ResourceServer;
  readonly bus: Bus;
  readonly session_s_max: number;
  /** Whether somebody has signed out of it. @throws CountersignError approval_unavailable until that is known */
  readonly hasEnded: (session: Session) => boolean;
  readonly now_s: () => number;
}

const rules = (secure: boolean): CookieRules => ({ secure, sameSite: 'Strict' });
/** `token_missing`: the edge takes no tokens of this kind any more. */
const OVER: readonly string[] = [
  'token_expired',
  'token_invalid',
  'token_missing',
  'scope_missing',
  'groups_overage',
];

export const openSessions = (options: SessionsOptions): Sessions => {
  const { sealed, resourceServer, bus, session_s_max, hasEnded, now_s } = options;

  const restCallerOf = async (held: AccessToken): Promise<RestCaller> =>
    withRoles(bus, await callerOf(resourceServer, held));

  return {
    begin: async ({ token, key }, isSecure) => {
      const { expiresAt } = await restCallerOf({ token, key });
      const begun_s = now_s();
      const until_s = Math.min(expiresAt, begun_s + session_s_max);
      const session: Session = { id: randomUUID(), token, key, begun_s, until_s };
      const age_s = Math.max(1, Math.floor(until_s - begun_s));
      const cookies = writeParts(NAME, sealed.seal(session, BINDING), age_s, rules(isSecure));
      if (cookies === undefined)
        throw new CountersignError('login_failed', 'the access token is too long for a session');
      return cookies;
    },
    find: async (cookies, isSecure) => {
      const value = readParts(cookies, NAME, rules(isSecure));
      const session = value === undefined ? undefined : (sealed.open(value, BINDING) as Session | undefined);
      if (session === undefined || session.until_s <= now_s()) return undefined;
      if (hasEnded(session)) return undefined;
      const { id } = session;
      try {
        return {
          caller: await restCallerOf(session),
          session,
          formToken: (form) => sealed.tokenFor(`${id} ${form}`),
          isFormToken: (given, form) => sealed.isTokenFor(given, `${id} ${form}`),
        };
      } catch (error) {
        if (error instanceof CountersignError && OVER.includes(error.code)) return undefined;
        throw error;
      }
    },
    clear: (isSecure) => clearParts(NAME, rules(isSecure)),
  };
};
