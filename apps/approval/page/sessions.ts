import { randomUUID } from 'node:crypto';
import type { Bus } from '#bus/bus.js';
import { policyRoles } from '#contracts/policy.js';
import { CountersignError } from '#core/errors.js';
import type { RestCaller } from '#http/rest-caller.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { type CookieRules, clearParts, readParts, writeParts } from './cookies.js';
import type { SealedValues } from './sealed-values.js';

const NAME = 'countersign-approver';
const BINDING = 'session';

interface Session {
  readonly id: string;
  readonly token: string;
  readonly until_s: number;
}

/** Somebody who is signed in, as their token says now. */
export interface SignedIn {
  readonly caller: RestCaller;
  /** Of this session and this form; only we can make it. */
  formToken(form: string): string;
  isFormToken(token: string, form: string): boolean;
}

/** The access token, sealed in the browser's cookie: it survives restarts and other replicas, and no script can read it. */
export interface Sessions {
  /** Cookies to set. @throws CountersignError as the REST edge's; login_failed for a token that fits no cookie */
  begin(token: string, isSecure: boolean): Promise<readonly string[]>;
  /**
   * Undefined without a session, or when its token is not good (any more). The token is verified, and the roles are asked
   * for, each time, exactly as at the REST edge. @throws CountersignError when neither can be found out
   */
  find(cookies: string | undefined, isSecure: boolean): Promise<SignedIn | undefined>;
  /** Cookies to set. */
  end(isSecure: boolean): readonly string[];
}

export interface SessionsOptions {
  readonly sealed: SealedValues;
  readonly resourceServer: ResourceServer;
  readonly bus: Bus;
  readonly session_s_max: number;
  readonly now_s: () => number;
}

const rules = (secure: boolean): CookieRules => ({ secure, sameSite: 'Strict' });
const OVER: readonly string[] = ['token_expired', 'token_invalid', 'scope_missing', 'groups_overage'];

export const openSessions = (options: SessionsOptions): Sessions => {
  const { sealed, resourceServer, bus, session_s_max, now_s } = options;

  /** The same verification as of a request that brings its token itself. */
  const callerOf = async (token: string): Promise<RestCaller> => {
    const resource = resourceServer.rest();
    const head = { method: 'GET', url: '/', rawHeaders: ['authorization', `Bearer ${token}`] };
    const caller = await resourceServer.authenticate(head, resource);
    resourceServer.requireScopes(caller, resource.scopes);
    return { ...caller, ...(await bus.request(policyRoles, { groups: [...caller.groups] })) };
  };

  return {
    begin: async (token, isSecure) => {
      const { expiresAt } = await callerOf(token);
      const until_s = Math.min(expiresAt, now_s() + session_s_max);
      const session: Session = { id: randomUUID(), token, until_s };
      const age_s = Math.max(1, Math.floor(until_s - now_s()));
      const cookies = writeParts(NAME, sealed.seal(session, BINDING), age_s, rules(isSecure));
      if (cookies === undefined)
        throw new CountersignError('login_failed', 'the access token is too long for a session');
      return cookies;
    },
    find: async (cookies, isSecure) => {
      const value = readParts(cookies, NAME, rules(isSecure));
      const session = value === undefined ? undefined : (sealed.open(value, BINDING) as Session | undefined);
      if (session === undefined || session.until_s <= now_s()) return undefined;
      const { id, token } = session;
      try {
        return {
          caller: await callerOf(token),
          formToken: (form) => sealed.tokenFor(`${id} ${form}`),
          isFormToken: (given, form) => sealed.isTokenFor(given, `${id} ${form}`),
        };
      } catch (error) {
        if (error instanceof CountersignError && OVER.includes(error.code)) return undefined;
        throw error;
      }
    },
    end: (isSecure) => clearParts(NAME, rules(isSecure)),
  };
};
