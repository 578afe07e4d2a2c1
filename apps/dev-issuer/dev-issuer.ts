import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider from 'oidc-provider';
import { RESOURCE_SCOPE, SIGNING_ALGORITHM, signAccessToken } from './access-token.js';
import { DEMO_USERS, type DemoUser } from './demo-users.js';
import { registerDevUserGrant, TTL_S_MAX } from './dev-user-grant.js';
import { handleInteraction, sendPage } from './login-page.js';
import { isLoopbackHost, providerConfiguration } from './provider-configuration.js';

export interface DevIssuerOptions {
  /** Must be said in so many words: this issuer hands out tokens to whoever asks. */
  readonly development: true;
  /** `iss` of the tokens; its path is where the handler is mounted. */
  readonly issuer: string;
  /** Audiences a token may be for; a client that names none gets the first. */
  readonly resources: readonly string[];
  /** Default: DEMO_USERS. */
  readonly users?: readonly DemoUser[];
  /** RS256 private key with `kid`. Default: a new one for each start. */
  readonly signingKey?: JWK;
  /** Further values of the Host header to answer to, e.g. "dev-issuer:9000". Loopback and the issuer's own always do. */
  readonly hosts?: readonly string[];
  /** Base addresses of approval pages, which have a client of their own. Default: the origins of the resources. */
  readonly approvalPages?: readonly string[];
  /** Told about faults of the issuer itself. */
  readonly onServerError?: (error: Error) => void;
}

export interface DevIssuer {
  readonly issuer: string;
  /**
   * Listener for node:http. Reads the request body itself, so mount it before any body parser (Fastify: an onRequest
   * hook that calls `reply.hijack()` when `owns(request.url)`).
   */
  readonly handler: RequestListener;
  /** Whether a request path belongs to the issuer, the well-known forms of RFC 8414 section 3.1 included. */
  readonly owns: (url: string) => boolean;
  /** @throws RangeError for an unknown user or audience, or a ttl outside 1 s to 24 h */
  readonly issueToken: (user: string, ttl_s: number, audience: readonly string[]) => Promise<string>;
}

const newSigningKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg: SIGNING_ALGORITHM };
};

/** A page on another site that had its name point at 127.0.0.1 sends that name in Host (DNS rebinding). */
const isKnownHost = (request: IncomingMessage, issuer: URL, hosts: readonly string[]): boolean => {
  const host = request.headers.host ?? '';
  return (
    host === issuer.host ||
    hosts.includes(host) ||
    isLoopbackHost(URL.parse(`http://${host}`)?.hostname ?? '')
  );
};

/**
 * Each authorization request is a sign-in of its own. With the session of an earlier one oidc-provider would first log
 * that user out, by a page of its own.
 */
const forgetSignIn = (request: IncomingMessage): void => {
  const cookies = request.headers.cookie
    ?.split(/; */)
    .filter((cookie) => !/^_session(?:\.sig)?=/.test(cookie));
  if (cookies !== undefined) request.headers.cookie = cookies.join('; ');
};

/** MCP clients may ask for no scope, or for one they made up; oidc-provider refuses a request that leads to no scope. */
const withResourceScope = (path: string): string => {
  const [route, query] = path.split('?', 2);
  const parameters = new URLSearchParams(query);
  const scopes = new Set((parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== ''));
  parameters.set('scope', [...scopes.add(RESOURCE_SCOPE)].join(' '));
  return `${route}?${parameters}`;
};

/** The path inside the issuer of a request path; undefined when it is not the issuer's. */
const localPath = (url: string, mountPath: string): string | undefined => {
  const wellKnown =
    /^(\/\.well-known\/(?:openid-configuration|oauth-authorization-server))(\/[^?]*)?(?:\?|$)/.exec(url);
  if (wellKnown !== null && (wellKnown[2] ?? '') === mountPath) return wellKnown[1];
  if (!url.startsWith(mountPath)) return undefined;
  const rest = url.slice(mountPath.length);
  return rest === '' || /^[/?]/.test(rest) ? rest.replace(/^(?!\/)/, '/') : undefined;
};

const checkToken = (
  { resources, users = DEMO_USERS }: DevIssuerOptions,
  name: string,
  ttl_s: number,
  audience: readonly string[],
): DemoUser => {
  const user = users.find((known) => known.name === name);
  if (user === undefined)
    throw new RangeError(`user: expected one of ${users.map((known) => known.name).join(', ')}`);
  if (!Number.isSafeInteger(ttl_s) || ttl_s < 1 || ttl_s > TTL_S_MAX) {
    throw new RangeError(`ttl: expected 1 to ${TTL_S_MAX} seconds`);
  }
  if (audience.length === 0 || !audience.every((resource) => resources.includes(resource))) {
    throw new RangeError(`resource: expected one or more of ${resources.join(', ')}`);
  }
  return user;
};

/**
 * An OpenID Connect issuer for development: authorization code with PKCE and a page to choose a demo user on, dynamic
 * client registration (RFC 7591), resource indicators (RFC 8707), and a grant that needs no browser for the CLI.
 * @throws Error unless `development` is true
 */
export const createDevIssuer = async (options: DevIssuerOptions): Promise<DevIssuer> => {
  if (options.development !== true) {
    throw new Error('the development issuer gives tokens to anybody and runs in development mode only');
  }
  const { issuer, resources, users = DEMO_USERS, hosts = [] } = options;
  if (resources.length === 0) throw new RangeError('resources: expected at least one audience');
  const url = new URL(issuer);
  const mountPath = url.pathname.replace(/\/$/, '');
  const signingKey = options.signingKey ?? (await newSigningKey());

  const issueToken: DevIssuer['issueToken'] = async (name, ttl_s, audience) => {
    const user = checkToken(options, name, ttl_s, audience);
    return signAccessToken({ issuer, key: signingKey, user, ttl_s, audience });
  };

  const approvalPages = options.approvalPages ?? [...new Set(resources.map((each) => new URL(each).origin))];
  const setup = { mountPath, resources, users, signingKey, approvalPages };
  const provider = new Provider(issuer, providerConfiguration(setup));
  registerDevUserGrant(provider, issueToken);
  provider.on('server_error', (_ctx, error) => options.onServerError?.(error));
  const answer = provider.callback();

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = localPath(request.url ?? '/', mountPath);
    if (path === undefined) return sendPage(response, 404, 'Not found', '');
    if (!isKnownHost(request, url, hosts)) return sendPage(response, 421, 'Unknown host', '');
    if (path.startsWith('/auth')) forgetSignIn(request);
    const local = path.startsWith('/auth?') ? withResourceScope(path) : path;
    // oidc-provider routes by `url` and learns from `originalUrl` where it is mounted.
    Object.assign(request, { originalUrl: mountPath + local, url: local });
    if (!/^\/interaction\/[\w-]+$/.test(path)) return answer(request, response);
    await handleInteraction(provider, users, request, response);
  };
  const handler: RequestListener = (request, response) => {
    route(request, response).catch(() => {
      if (!response.headersSent)
        sendPage(response, 400, 'This sign-in is no longer valid', '<p>Start again.</p>');
    });
  };
  return { issuer, handler, owns: (path) => localPath(path, mountPath) !== undefined, issueToken };
};
