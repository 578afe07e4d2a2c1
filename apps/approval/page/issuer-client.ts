import { exportJWK } from 'jose';
import type { Configuration, CustomFetch } from 'openid-client';
import type { Config } from '#config/config.schema.js';
import { readSecret } from '#config/load-config.js';
import { CountersignError } from '#core/errors.js';
import { boundedText } from '#identity/fetch-json.js';
import type { DpopMode } from '#identity/protected-resource.js';
import { type AccessToken, KEY_ALGORITHM } from './access-token.js';

type Login = NonNullable<Config['approvals']['login']>;

const TIMEOUT_S = 5;

/** What a sign-in needs besides what the browser brings back. */
export interface Checks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Approvers sign in at this issuer: authorization code, PKCE, state, nonce, `iss` of RFC 9207 (openid-client). */
export interface IssuerClient {
  /** Fresh values for one sign-in. */
  newChecks(): Promise<Omit<Checks, 'state'>>;
  /** Where the browser goes. @throws CountersignError identity_unavailable */
  authorizationUrl(checks: Checks): Promise<URL>;
  /** The access token, for the REST edge. @throws CountersignError login_failed, identity_unavailable */
  redeem(callback: URL, checks: Checks): Promise<AccessToken>;
  /** Ends a token, where the issuer can (RFC 7009). @throws CountersignError identity_unavailable when it did not */
  revoke(token: string): Promise<void>;
  /**
   * Where people sign out of the issuer itself, where they can (OpenID Connect RP-Initiated Logout). It is told the client and
   * nothing about the person: its own cookie says who that is. @throws CountersignError identity_unavailable
   */
  endSessionUrl(): Promise<URL | undefined>;
}

export interface IssuerClientOptions {
  readonly login: Login;
  readonly allowPlainHttp: boolean;
  readonly redirectUri: () => string;
  /** The REST edge as tokens name it. */
  readonly audience: () => string;
  /** What the REST edge takes. */
  readonly dpop: DpopMode;
}

export const issuerClient = (options: IssuerClientOptions): IssuerClient => {
  const { login, redirectUri, audience, dpop } = options;
  let known: Promise<Configuration> | undefined;
  const configuration = (): Promise<Configuration> => {
    // What failed is asked for again by the next person.
    known ??= discover(options).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  const resource = (): Record<string, string> => (login.resource ? { resource: audience() } : {});

  return {
    newChecks: async () => {
      const { randomNonce, randomPKCECodeVerifier } = await import('openid-client');
      return { nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
    },
    authorizationUrl: async ({ state, nonce, verifier }) => {
      const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client');
      return buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri(),
        scope: login.scopes.join(' '),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...resource(),
      });
    },
    redeem: async (callback, { state, nonce, verifier }) => {
      const { authorizationCodeGrant, getDPoPHandle } = await import('openid-client');
      const at = await configuration();
      try {
        const keys = await newKeys(at, dpop);
        const { token_type, access_token } = await authorizationCodeGrant(
          at,
          callback,
          { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
          resource(),
          keys && { DPoP: getDPoPHandle(at, keys) },
        );
        if (token_type === 'dpop' && keys)
          return { token: access_token, key: await exportJWK(keys.privateKey) };
        if (token_type === 'bearer' && dpop !== 'required') return { token: access_token };
        throw new Error('a token of another type than the REST edge takes');
      } catch (error) {
        throw new CountersignError('login_failed', reasonOf(error));
      }
    },
    revoke: async (token) => {
      const { tokenRevocation } = await import('openid-client');
      const at = await configuration();
      if (at.serverMetadata().revocation_endpoint === undefined) return;
      await tokenRevocation(at, token, { token_type_hint: 'access_token' }).catch((error: unknown) => {
        // It can end tokens of other kinds, and none of this one.
        if (reasonOf(error) === 'unsupported_token_type') return;
        throw new CountersignError('identity_unavailable', reasonOf(error));
      });
    },
    endSessionUrl: async () => {
      const { buildEndSessionUrl } = await import('openid-client');
      const at = await configuration();
      if (at.serverMetadata().end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(at, {});
    },
  };
};

/** A new key for each sign-in, where tokens must be bound to one, or may be and the issuer can. */
const newKeys = async (at: Configuration, dpop: DpopMode) => {
  const { randomDPoPKeyPair } = await import('openid-client');
  const known = at.serverMetadata().dpop_signing_alg_values_supported ?? [];
  return dpop === 'required' || (dpop === 'optional' && known.includes(KEY_ALGORITHM))
    ? randomDPoPKeyPair(KEY_ALGORITHM, { extractable: true })
    : undefined;
};

/** @throws CountersignError identity_unavailable */
const discover = async ({ login, allowPlainHttp }: IssuerClientOptions): Promise<Configuration> => {
  const client = await import('openid-client');
  const { client_id, client_secret, issuer } = login;
  const authentication =
    client_secret === undefined ? client.None() : client.ClientSecretPost(readSecret(client_secret));
  try {
    return await client.discovery(new URL(issuer), client_id, {}, authentication, {
      execute: [client.enableNonRepudiationChecks, ...(allowPlainHttp ? [client.allowInsecureRequests] : [])],
      [client.customFetch]: boundedFetch,
      timeout: TIMEOUT_S,
    });
  } catch (error) {
    throw new CountersignError('identity_unavailable', `the issuer of the sign-in: ${reasonOf(error)}`);
  }
};

/** Redirects are not followed, answers are bounded in size; openid-client bounds them in time. */
const boundedFetch: CustomFetch = async (url, { method, headers, body, signal }) => {
  const answer = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body instanceof URLSearchParams && { body }),
    ...(signal && { signal }),
  });
  const text = await boundedText(answer);
  const { status } = answer;
  // A redirect is an unexpected status to openid-client, and an empty one may have no body.
  return new Response(text === '' ? null : text, {
    status: status < 200 ? 502 : status,
    headers: answer.headers,
  });
};

/** Codes and names only: what an issuer or a stranger writes goes no further. */
const reasonOf = (error: unknown): string => {
  const { error: code, code: kind, name } = error as Readonly<Record<string, unknown>>;
  const said = [code, kind, name].find((text) => typeof text === 'string' && /^[A-Za-z_]{1,60}$/.test(text));
  return typeof said === 'string' ? said : 'unknown';
};
