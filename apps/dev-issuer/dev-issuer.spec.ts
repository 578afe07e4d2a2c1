import { createHash, randomBytes } from 'node:crypto';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requestDevToken } from '#identity/dev-token-request.js';
import { createTokenVerifier, type TokenVerifier } from '#identity/token-verifier.js';
import { createDevIssuer, type DevIssuer, type DevIssuerOptions } from './dev-issuer.js';

const RESOURCES = ['http://127.0.0.1:8080/mcp', 'http://127.0.0.1:8080/mcp/core-banking'] as const;
const [MCP, CORE_BANKING] = RESOURCES;
let server: Server;
let origin: string;
let issuer: DevIssuer;
let verifier: TokenVerifier;
const printed = [vi.spyOn(console, 'info'), vi.spyOn(console, 'warn'), vi.spyOn(console, 'log')];
const serverErrors: Error[] = [];

beforeAll(async () => {
  server = createServer((request, response) => issuer.handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer = await createDevIssuer({
    development: true,
    issuer: `${origin}/issuer`,
    resources: RESOURCES,
    onServerError: (error) => serverErrors.push(error),
  });
  verifier = createTokenVerifier({
    issuers: [{ issuer: issuer.issuer, groups_claim: 'groups', principal_claim: 'preferred_username' }],
    algorithms: ['RS256', 'ES256', 'PS256'],
    clock_skew_s: 30,
    token_cache_max: 100,
  });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A browser as far as this flow needs one: follows redirects on the issuer, keeps cookies by path. */
const createBrowser = () => {
  const cookies = new Map<string, { value: string; path: string }>();
  const visit = async (url: string, form?: URLSearchParams): Promise<{ url: string; text: string }> => {
    if (!url.startsWith(origin)) return { url, text: '' };
    const { pathname } = new URL(url);
    const cookie = [...cookies].filter(([, { path }]) => pathname.startsWith(path));
    const response = await fetch(url, {
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        cookie: cookie.map(([name, { value }]) => `${name}=${value}`).join('; '),
      },
      ...(form && { method: 'POST', body: form }),
    });
    for (const header of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      cookies.set(name, { value, path: /; path=([^;]+)/i.exec(header)?.[1] ?? '/' });
    }
    const location = response.headers.get('location');
    return location === null ? { url, text: await response.text() } : visit(new URL(location, url).href);
  };
  return { visit };
};

const post = async (path: string, body: URLSearchParams | object, headers: Record<string, string> = {}) => {
  const form = body instanceof URLSearchParams;
  const response = await fetch(`${origin}/issuer${path}`, {
    method: 'POST',
    body: form ? body : JSON.stringify(body),
    headers: { ...(form ? {} : { 'content-type': 'application/json' }), ...headers },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const CALLBACK = 'http://127.0.0.1:33418/callback';
const register = async (): Promise<string> => {
  const { status, body } = await post('/reg', {
    client_name: 'an MCP client',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  });
  expect(status).toBe(201);
  return String(body['client_id']);
};

const authorizeUrl = (client_id: string, challenge: string, more: Record<string, string>): string => {
  const query = {
    response_type: 'code',
    client_id,
    redirect_uri: CALLBACK,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 's-1',
    ...more,
  };
  return `${origin}/issuer/auth?${new URLSearchParams(query)}`;
};

/** The whole dance of an MCP client; answers the token endpoint's answer. */
const signIn = async (user: string, more: Record<string, string>, browser = createBrowser()) => {
  const client_id = await register();
  const verifierText = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifierText).digest('base64url');
  const login = await browser.visit(authorizeUrl(client_id, challenge, more));
  expect(login.text).toContain('Development only');
  expect(login.text).toContain(`value="${user}"`);
  const back = new URL((await browser.visit(login.url, new URLSearchParams({ user }))).url);
  expect(back.origin + back.pathname).toBe(CALLBACK);
  expect(back.searchParams.get('error_description')).toBeNull();
  expect(back.searchParams.get('state')).toBe('s-1');
  expect(back.searchParams.get('iss')).toBe(issuer.issuer);
  const exchange = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id,
    code: back.searchParams.get('code') ?? '',
    redirect_uri: CALLBACK,
    code_verifier: verifierText,
  });
  return { client_id, ...(await post('/token', exchange)) };
};

describe('the development issuer', () => {
  it('cannot be had without saying that this is development', async () => {
    const options = { issuer: `${origin}/issuer`, resources: RESOURCES } as unknown as DevIssuerOptions;
    await expect(createDevIssuer(options)).rejects.toThrow('development mode only');
    await expect(createDevIssuer({ ...options, development: 'yes' as unknown as true })).rejects.toThrow();
  });

  it('is found by discovery, also at the path-inserted well-known addresses', async () => {
    for (const path of [
      '/issuer/.well-known/openid-configuration',
      '/issuer/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/issuer',
      '/.well-known/openid-configuration/issuer',
    ]) {
      expect(issuer.owns(path)).toBe(true);
      const document = (await (await fetch(`${origin}${path}`)).json()) as Record<string, unknown>;
      expect(document).toMatchObject({
        issuer: issuer.issuer,
        token_endpoint: `${origin}/issuer/token`,
        registration_endpoint: `${origin}/issuer/reg`,
        code_challenge_methods_supported: ['S256'],
      });
    }
    expect(['/mcp', '/issuers', '/.well-known/oauth-protected-resource'].some(issuer.owns)).toBe(false);
  });

  it('gives a token after PKCE, registration and choosing a user, for the resource that was asked for', async () => {
    const { status, body, client_id } = await signIn('manager-1', { resource: CORE_BANKING, scope: 'mcp' });
    expect(status).toBe(200);
    const caller = await verifier.verify(String(body['access_token']), CORE_BANKING);
    expect(caller).toMatchObject({
      subject: 'manager-1',
      principal: 'manager-1',
      clientId: client_id,
      groups: ['BANK-DATA-MGR'],
      claims: { scope: 'mcp' },
      isMachine: false,
    });
    await expect(verifier.verify(String(body['access_token']), MCP)).rejects.toMatchObject({
      code: 'token_invalid',
    });
  });

  it('gives a client that names neither resource nor scope a token for the first resource, and refreshes it', async () => {
    const { body, client_id } = await signIn('no-role', {});

    expect((await verifier.verify(String(body['access_token']), MCP)).groups).toEqual([]);
    const refresh = { grant_type: 'refresh_token', client_id, refresh_token: String(body['refresh_token']) };
    const renewed = await post('/token', new URLSearchParams(refresh));
    expect(renewed.status).toBe(200);
    expect((await verifier.verify(String(renewed.body['access_token']), MCP)).principal).toBe('no-role');
  });

  it('signs in a client that asks for scopes it made up', async () => {
    const { body } = await signIn('examiner', { resource: MCP, scope: 'read:all openid' });
    expect((await verifier.verify(String(body['access_token']), MCP)).claims).toEqual({ scope: 'mcp' });
  });

  it('asks again who to be when the same browser comes back', async () => {
    const browser = createBrowser();
    await signIn('manager-1', { resource: MCP }, browser);
    const { body } = await signIn('manager-2', { resource: MCP }, browser);
    expect((await verifier.verify(String(body['access_token']), MCP)).principal).toBe('manager-2');
  });

  it('refuses authorization without PKCE and for an unknown resource', async () => {
    const client_id = await register();
    const plain = await createBrowser().visit(authorizeUrl(client_id, '', { resource: MCP }));
    expect(new URL(plain.url).searchParams.get('error')).toBe('invalid_request');
    const challenge = createHash('sha256').update('x').digest('base64url');
    const other = await createBrowser().visit(
      authorizeUrl(client_id, challenge, { resource: 'https://other.example/' }),
    );
    expect(new URL(other.url).searchParams.get('error')).toBe('invalid_target');
  });

  it('does not let another browser choose the user of a sign-in', async () => {
    const challenge = createHash('sha256').update('x').digest('base64url');
    const login = await createBrowser().visit(authorizeUrl(await register(), challenge, { resource: MCP }));
    const stranger = await createBrowser().visit(login.url, new URLSearchParams({ user: 'manager-1' }));
    expect(stranger.text).toContain('no longer valid');
  });

  it('answers to its own name and loopback names only', async () => {
    const status = await new Promise((resolve, reject) => {
      const options = { headers: { host: 'attacker.example' } };
      httpRequest(`${origin}/issuer/jwks`, options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });
});

describe('the grant for the command line', () => {
  const request = (changes: Partial<Parameters<typeof requestDevToken>[0]> = {}) =>
    requestDevToken({ issuer: issuer.issuer, user: 'risk-analyst', ttl_s: 60, resources: [MCP], ...changes });

  it('gives a verifiable token of the user, lifetime and resources asked for', async () => {
    const token = await request({ resources: RESOURCES, ttl_s: 90 });
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    const { exp = 0, iat = 0, aud } = decodeJwt(token);
    expect(exp - iat).toBe(90);
    expect(aud).toEqual([...RESOURCES]);
    for (const resource of RESOURCES) {
      expect(await verifier.verify(token, resource)).toMatchObject({
        principal: 'risk-analyst',
        groups: ['BANK-RISK-ANALYST'],
        clientId: 'countersign-cli',
      });
    }
    expect(decodeJwt(await request()).aud).toBe(MCP);
  });

  it('gives the same as issueToken', async () => {
    const own = decodeJwt(await issuer.issueToken('examiner', 60, [MCP]));
    const asked = decodeJwt(await request({ user: 'examiner' }));
    for (const claim of ['iss', 'sub', 'aud', 'groups', 'client_id', 'scope', 'preferred_username']) {
      expect(own[claim]).toEqual(asked[claim]);
    }
  });

  it.each([
    ['an unknown user', { user: 'root' }, /user: expected one of/],
    ['an inherited name as user', { user: 'constructor' }, /user: expected one of/],
    ['an unknown resource', { resources: [MCP, 'https://other.example'] }, /resource: expected/],
    ['no resource', { resources: [] }, /resource: expected/],
    ['no lifetime', { ttl_s: 0 }, /ttl: expected/],
    ['a lifetime over a day', { ttl_s: 86_401 }, /ttl: expected/],
    ['a lifetime that is no whole number', { ttl_s: 1.5 }, /ttl: expected/],
  ])('refuses %s and says why', async (_name, changes, message) => {
    await expect(request(changes)).rejects.toThrow(message);
  });

  it('is closed to registered clients and to browsers', async () => {
    const form = {
      grant_type: 'urn:countersign:params:oauth:grant-type:dev-user',
      user: 'manager-1',
      ttl: '60',
      resource: MCP,
    };
    const client_id = await register();
    expect((await post('/token', new URLSearchParams({ ...form, client_id }))).status).toBe(400);
    const own = new URLSearchParams({ ...form, client_id: 'countersign-cli' });
    expect((await post('/token', own, { origin: 'https://attacker.example' })).status).toBe(400);
    expect((await post('/token', own, { origin: 'http://localhost:3000' })).status).toBe(400);
    expect((await post('/token', own)).status).toBe(200);
  });
});

describe('all of it', () => {
  it('printed nothing and met no fault of its own', () => {
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
    expect(serverErrors).toEqual([]);
  });
});
