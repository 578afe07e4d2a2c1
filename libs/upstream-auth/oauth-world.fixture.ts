import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UpstreamAuth, UpstreamCaller } from '#mcp/upstream/upstream-auth.types.js';
import { openOutbound } from '#outbound/guarded-fetch.js';
import { outboundRules } from '#outbound/outbound-rules.js';
import { openFileStore } from './store/file-store.js';
import type { UpstreamContext } from './upstream-context.js';

type Handler = (request: Seen, response: ServerResponse) => void;

/** A request as a server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Listening {
  readonly url: string;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** A real HTTP server on a free port of loopback that remembers what it was asked. */
export const listen = async (handler: Handler): Promise<Listening> => {
  const seen: Seen[] = [];
  const server = createServer({ keepAliveTimeout: 72_000 }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
    const { method = '', headers } = request;
    const one = {
      method,
      path: pathname,
      query: searchParams,
      headers,
      body: Buffer.concat(chunks).toString(),
    };
    seen.push(one);
    handler(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

export const json = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

/** How the authorization server behaves; a test changes what it wants. */
export interface AuthServerSettings {
  /** `iss` of the authorization response: as it should be, left out, or this text. */
  iss: 'right' | 'missing' | (string & {});
  metadata: Record<string, unknown>;
  tokenType: string;
  expires_in: number | undefined;
  mode: 'up' | 'down' | 'redirect' | 'not_json';
  /** Answers the next token request instead of what would be right. */
  refuseToken: string | undefined;
  rotates: boolean;
  /** Given instead of a token of its own. */
  accessToken: string | undefined;
}

/**
 * A small authorization server that consents to everything at once: metadata, registration, PKCE, refresh with
 * rotation, client credentials, token exchange, ID-JAG, JWT bearer, revocation.
 */
export const startAuthServer = async () => {
  const settings: AuthServerSettings = {
    iss: 'right',
    metadata: {},
    tokenType: 'Bearer',
    expires_in: 3_600,
    mode: 'up',
    refuseToken: undefined,
    rotates: true,
    accessToken: undefined,
  };
  const codes = new Map<string, { challenge: string; scope: string }>();
  const valid = new Map<string, string>();
  const refreshTokens = new Map<string, string>();
  const revoked: string[] = [];
  /** The subject token that a token, or an ID-JAG, was given for. */
  const subjects = new Map<string, string>();
  const fresh = (prefix: string) => `${prefix}-${randomBytes(12).toString('base64url')}`;

  const metadata = () => ({
    issuer: server.url,
    authorization_endpoint: `${server.url}/authorize`,
    token_endpoint: `${server.url}/token`,
    registration_endpoint: `${server.url}/register`,
    revocation_endpoint: `${server.url}/revoke`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    authorization_response_iss_parameter_supported: true,
    ...settings.metadata,
  });

  const authorize = (query: URLSearchParams, response: ServerResponse): void => {
    const code = fresh('code');
    codes.set(code, { challenge: query.get('code_challenge') ?? '', scope: query.get('scope') ?? '' });
    const back = new URL(query.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state') ?? '');
    if (settings.iss !== 'missing')
      back.searchParams.set('iss', settings.iss === 'right' ? server.url : settings.iss);
    response.writeHead(302, { location: back.href }).end();
  };

  const issue = (scope: string, more: Record<string, unknown> = {}) => {
    const access_token = settings.accessToken ?? fresh('access');
    valid.set(access_token, scope);
    const { tokenType: token_type, expires_in } = settings;
    return { access_token, token_type, scope, ...(expires_in === undefined ? {} : { expires_in }), ...more };
  };

  const withRefresh = (scope: string) => {
    const refresh_token = fresh('refresh');
    refreshTokens.set(refresh_token, scope);
    return issue(scope, { refresh_token });
  };

  const grant = (form: URLSearchParams): { status: number; body: Record<string, unknown> } => {
    const no = (error: string) => ({ status: 400, body: { error, error_description: `about ${form}` } });
    const yes = (body: Record<string, unknown>) => ({ status: 200, body });
    if (settings.refuseToken !== undefined) return no(settings.refuseToken);
    const scope = form.get('scope') ?? '';
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const code = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        const hash = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url');
        return code?.challenge === hash ? yes(withRefresh(code.scope)) : no('invalid_grant');
      }
      case 'refresh_token': {
        const old = form.get('refresh_token') ?? '';
        const granted = refreshTokens.get(old);
        if (granted === undefined) return no('invalid_grant');
        if (!settings.rotates) return yes(issue(granted));
        refreshTokens.delete(old);
        return yes(withRefresh(granted));
      }
      case 'urn:ietf:params:oauth:grant-type:token-exchange': {
        const wanted = form.get('requested_token_type') ?? '';
        const subject = form.get('subject_token') ?? '';
        if (!wanted.endsWith(':id-jag')) {
          const issued = issue(scope, { issued_token_type: wanted });
          subjects.set(issued.access_token, subject);
          return yes(issued);
        }
        const jag = { access_token: fresh('jag'), token_type: 'N_A', issued_token_type: wanted };
        subjects.set(jag.access_token, subject);
        return yes({
          ...jag,
          ...(settings.tokenType === 'Bearer' ? {} : { token_type: settings.tokenType }),
        });
      }
      default: {
        const issued = issue(scope);
        const subject = subjects.get(form.get('assertion') ?? '');
        if (subject !== undefined) subjects.set(issued.access_token, subject);
        return yes(issued);
      }
    }
  };

  const server = await listen((request, response) => {
    const { path, body, query } = request;
    if (settings.mode === 'down') return void response.destroy();
    if (settings.mode === 'redirect')
      return void response.writeHead(307, { location: 'http://127.0.0.1:9/elsewhere' }).end();
    if (path === '/.well-known/oauth-authorization-server') return json(response, 200, metadata());
    if (path === '/authorize') return authorize(query, response);
    if (path === '/register')
      return json(response, 201, {
        ...(JSON.parse(body) as object),
        client_id: fresh('client'),
        client_secret: 's',
      });
    if (path === '/revoke') {
      revoked.push(new URLSearchParams(body).get('token') ?? '');
      return json(response, 200, {});
    }
    if (path !== '/token') return json(response, 404, {});
    if (settings.mode === 'not_json') return void response.writeHead(200).end('<html>');
    const answer = grant(new URLSearchParams(body));
    return json(response, answer.status, answer.body);
  });
  const tokenRequests = () =>
    server.seen.filter(({ path }) => path === '/token').map(({ body }) => new URLSearchParams(body));
  return { ...server, settings, valid, revoked, subjects, tokenRequests };
};

export type AuthServer = Awaited<ReturnType<typeof startAuthServer>>;

/** An MCP server as far as authorization goes: wants a token of `issuer`, says so as RFC 9728 and RFC 6750 want it. */
export const startResource = async (issuer: AuthServer) => {
  const settings = {
    issuer,
    scopes: ['read'],
    scopeParameter: 'read',
    resource: undefined as string | undefined,
  };
  const server = await listen(({ path, headers }, response) => {
    const prm = `${server.url}/.well-known/oauth-protected-resource/mcp`;
    if (path === '/.well-known/oauth-protected-resource/mcp')
      return json(response, 200, {
        resource: settings.resource ?? `${server.url}/mcp`,
        authorization_servers: [settings.issuer.url],
      });
    if (path !== '/mcp') return json(response, 404, {});
    const granted = settings.issuer.valid.get(headers.authorization?.replace('Bearer ', '') ?? '');
    const challenge = `Bearer resource_metadata="${prm}", scope="${settings.scopeParameter}"`;
    if (granted === undefined) return json(response, 401, {}, { 'www-authenticate': challenge });
    const missing = settings.scopes.filter((scope) => !granted.split(' ').includes(scope));
    if (missing.length === 0) return json(response, 200, { ok: true });
    const more = `Bearer error="insufficient_scope", resource_metadata="${prm}", scope="${missing.join(' ')}"`;
    return json(response, 403, {}, { 'www-authenticate': more });
  });
  const mcp = `${server.url}/mcp`;
  const requests = () => server.seen.filter(({ path }) => path === '/mcp');
  return { ...server, mcp, settings, requests };
};

export type Resource = Awaited<ReturnType<typeof startResource>>;

/** A request as the upstream link makes it: credentials, one more try after a challenge. @returns the last status */
export const ask = async (auth: UpstreamAuth, mcp: string, caller?: UpstreamCaller): Promise<number> => {
  const send = async () =>
    fetch(mcp, { method: 'POST', headers: { ...(await auth.headers(caller)) }, body: '{}' });
  const answer = await send();
  if (answer.status !== 401 && answer.status !== 403) return answer.status;
  const challenge = answer.headers.get('www-authenticate') ?? undefined;
  const again = await auth.challenged(answer.status, challenge, caller);
  return again ? (await send()).status : answer.status;
};

/** A context for one upstream with a store of its own; loopback may be reached. */
export const openContext = async (mcp: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-upstream-auth-'));
  const store = await openFileStore({ folder, secret: 'a secret of the gateway' });
  const outbound = openOutbound({ rules: outboundRules({ allow: [], loopback: true }), answer_ms: 2_000 });
  const clock = { ahead_ms: 0 };
  const secrets: Record<string, string> = {
    'client-secret': 'sesame+50%',
    'gateway-token': 'token-of-the-gateway',
  };
  const context: UpstreamContext = {
    upstream: 'payments',
    serverUrl: new URL(mcp),
    fetch: outbound.fetch,
    store,
    readSecret: (reference) => secrets['env' in reference ? reference.env : reference.file] ?? '',
    now: () => Date.now() + clock.ahead_ms,
  };
  const close = async () => {
    await outbound.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { context, folder, clock, secrets, close };
};

export const alice: UpstreamCaller = {
  issuer: 'https://idp.bank.example',
  subject: 'u-1',
  principal: 'alice',
  token: 'CANARY.token-of-alice',
};
export const bob: UpstreamCaller = {
  ...alice,
  subject: 'u-2',
  principal: 'bob',
  token: 'CANARY.token-of-bob',
};
