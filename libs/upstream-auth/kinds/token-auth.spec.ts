import { exportPKCS8, generateKeyPair, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { upstreamAuth } from '#config/upstream-auth.schema.js';
import {
  type AuthServer,
  alice,
  ask,
  bob,
  openContext,
  type Resource,
  startAuthServer,
  startResource,
} from '../oauth-world.fixture.js';
import { openUpstreamAuth } from '../open-upstream-auth.js';

let issuer: AuthServer;
let resource: Resource;
let world: Awaited<ReturnType<typeof openContext>>;
beforeEach(async () => {
  issuer = await startAuthServer();
  resource = await startResource(issuer);
  world = await openContext(resource.mcp);
});
afterEach(async () => {
  await Promise.all([issuer.close(), resource.close(), world.close()]);
});

const SECRET = { client_id: 'the gateway', client_secret: { env: 'client-secret' } };
const open = (config: object) =>
  openUpstreamAuth(world.context, upstreamAuth.parse(config), () => 'http://127.0.0.1:1');
const clientCredentials = (more = {}) => open({ type: 'client_credentials', ...SECRET, ...more });
const tokenExchange = (more = {}) => open({ type: 'token_exchange', issuer: issuer.url, ...SECRET, ...more });
const idJag = (idp: string, more = {}) =>
  open({ type: 'id_jag', idp: { issuer: idp, ...SECRET }, ...SECRET, ...more });
const form = (at = 0): Record<string, string> => Object.fromEntries(issuer.tokenRequests()[at] ?? []);

describe('a static header', () => {
  it('carries the secret as it is now, so that a rotated one needs no restart', async () => {
    const auth = open({ type: 'header', name: 'X-Api-Key', value: { env: 'client-secret' } });
    expect(await auth.headers(alice)).toEqual({ 'x-api-key': 'sesame+50%' });
    world.secrets['client-secret'] = 'another';
    expect(await auth.headers()).toEqual({ 'x-api-key': 'another' });
    expect(await auth.challenged(401, undefined)).toBe(false);
  });
});

describe('client credentials', () => {
  it('asks when the server wants a token, for its resource and the scope of its challenge, and keeps the token', async () => {
    const auth = clientCredentials();
    expect(await ask(auth, resource.mcp)).toBe(200);
    expect(form()).toEqual({ grant_type: 'client_credentials', scope: 'read', resource: resource.mcp });
    expect(await ask(auth, resource.mcp, alice)).toBe(200);
    expect(issuer.tokenRequests()).toHaveLength(1);
  });

  it('sends the secret form-encoded in the header, or in the form when it is configured so', async () => {
    await ask(clientCredentials(), resource.mcp);
    await ask(clientCredentials({ client_auth: 'client_secret_post' }), resource.mcp);
    const [basic, post] = issuer.seen.filter(({ path }) => path === '/token');
    const expected = `Basic ${Buffer.from('the+gateway:sesame%2B50%25').toString('base64')}`;
    expect(basic?.headers.authorization).toBe(expected);
    expect(post?.headers.authorization).toBeUndefined();
    expect(form(1)).toMatchObject({ client_id: 'the gateway', client_secret: 'sesame+50%' });
  });

  it('signs an assertion for the issuer with private_key_jwt (RFC 7523)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    world.secrets['key'] = await exportPKCS8(privateKey);
    await ask(
      open({ type: 'client_credentials', client_id: 'gw', private_key: { env: 'key' } }),
      resource.mcp,
    );
    const { client_assertion = '', client_assertion_type } = form();
    expect(client_assertion_type).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const { payload } = await jwtVerify(client_assertion, publicKey, { audience: issuer.url });
    expect(payload).toMatchObject({ iss: 'gw', sub: 'gw' });
  });

  it('fetches a new token before the old one ends, without asking the server first', async () => {
    const auth = clientCredentials();
    await ask(auth, resource.mcp);
    world.clock.ahead_ms = 3_600_000;
    const before = resource.requests().length;
    expect(await ask(auth, resource.mcp)).toBe(200);
    expect(resource.requests()).toHaveLength(before + 1);
    expect(issuer.tokenRequests()).toHaveLength(2);
  });

  it('asks once for many requests at the same time', async () => {
    const auth = clientCredentials();
    await ask(auth, resource.mcp);
    world.clock.ahead_ms = 3_600_000;
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(auth, resource.mcp, alice)));
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(issuer.tokenRequests()).toHaveLength(2);
  });

  it('asks for the union of scopes when the server wants more', async () => {
    const auth = clientCredentials();
    await ask(auth, resource.mcp);
    resource.settings.scopes = ['read', 'write'];
    expect(await ask(auth, resource.mcp)).toBe(200);
    expect(form(1)['scope']).toBe('read write');
  });

  it('gives up on a server that never has enough scopes', async () => {
    const auth = clientCredentials();
    await ask(auth, resource.mcp);
    for (let turn = 0; turn < 10; turn += 1) {
      resource.settings.scopes = [`more-${turn}`, `never-${turn}`];
      for (const token of issuer.valid.keys()) issuer.valid.set(token, 'nothing');
      expect(await ask(auth, resource.mcp)).toBeGreaterThanOrEqual(200);
    }
    expect(issuer.tokenRequests().length).toBe(1 + 3);
  });

  it('follows a server to another authorization server, but not away from the configured one', async () => {
    const other = await startAuthServer();
    try {
      const [free, bound] = [clientCredentials(), clientCredentials({ issuer: issuer.url })];
      await ask(free, resource.mcp);
      await ask(bound, resource.mcp);
      resource.settings.issuer = other;
      expect(await ask(free, resource.mcp)).toBe(200);
      await expect(ask(bound, resource.mcp)).rejects.toMatchObject({
        code: 'upstream_auth_failed',
        detail: expect.stringContaining('another authorization server') as string,
      });
      expect(other.tokenRequests()).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it.each([
    [
      'the authorization server refuses',
      () => (issuer.settings.refuseToken = 'invalid_client'),
      'invalid_client',
    ],
    [
      'it answers with another type of token',
      () => (issuer.settings.tokenType = 'DPoP'),
      'unsupported_token_type',
    ],
    ['its answer is not JSON', () => (issuer.settings.mode = 'not_json'), 'invalid_response'],
    ['it redirects', () => (issuer.settings.mode = 'redirect'), 'address refused'],
    ['it is down', () => (issuer.settings.mode = 'down'), 'UND_ERR_SOCKET'],
    [
      'its metadata names another issuer',
      () => (issuer.settings.metadata = { issuer: 'http://127.0.0.1:2' }),
      'IssuerMismatchError',
    ],
    [
      'its token endpoint is an address that must not be reached',
      () => (issuer.settings.metadata = { token_endpoint: 'https://169.254.169.254/token' }),
      'address refused',
    ],
    [
      'its token endpoint is not https',
      () => (issuer.settings.metadata = { token_endpoint: 'http://token.example/token' }),
      'InsecureTokenEndpointError',
    ],
    [
      'the resource metadata speaks for another resource',
      () => (resource.settings.resource = 'https://other.example/mcp'),
      'another resource',
    ],
  ])('fails with a word about it when %s', async (_, arrange, word) => {
    arrange();
    const failure: unknown = await ask(clientCredentials(), resource.mcp).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'upstream_auth_failed' });
    expect(String(failure)).toContain(word);
    expect(String(failure)).not.toContain('sesame');
  });

  it('does not take a token that could write headers of its own', async () => {
    issuer.settings.accessToken = 'x\r\nx-forged: 1';
    await expect(ask(clientCredentials(), resource.mcp)).rejects.toMatchObject({
      detail: expect.stringContaining('invalid_response') as string,
    });
  });
});

describe('token exchange (RFC 8693)', () => {
  it('sends the caller’s token to the authorization server and the exchanged one to the upstream', async () => {
    expect(await ask(tokenExchange({ audience: 'payments' }), resource.mcp, alice)).toBe(200);
    expect(form()).toMatchObject({
      subject_token: alice.token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: resource.mcp,
      audience: 'payments',
    });
  });

  it('never shows the caller’s token to the upstream, nor in an error', async () => {
    const auth = tokenExchange();
    await ask(auth, resource.mcp, alice);
    issuer.settings.refuseToken = 'invalid_grant';
    const failure: unknown = await ask(auth, resource.mcp, bob).catch((error: unknown) => error);
    expect(JSON.stringify([resource.seen, String(failure), failure])).not.toContain('CANARY');
    expect(JSON.stringify(issuer.seen)).toContain('CANARY');
  });

  it('keeps the tokens of callers apart, and of one caller’s tokens too', async () => {
    const auth = tokenExchange({ scopes: ['read'] });
    await ask(auth, resource.mcp, alice);
    await ask(auth, resource.mcp, bob);
    await ask(auth, resource.mcp, alice);
    await ask(auth, resource.mcp, { ...alice, token: 'CANARY.newer' });
    const subjects = issuer.tokenRequests().map((request) => request.get('subject_token'));
    expect(subjects).toEqual([alice.token, bob.token, 'CANARY.newer']);
    const used = resource.requests().map(({ headers }) => headers.authorization);
    expect(new Set(used).size).toBe(3);
  });

  it('goes without credential for requests of the gateway, or with its own subject token', async () => {
    expect(await ask(tokenExchange(), resource.mcp)).toBe(401);
    expect(issuer.tokenRequests()).toHaveLength(0);
    expect(await ask(tokenExchange({ gateway_token: { env: 'gateway-token' } }), resource.mcp)).toBe(200);
    expect(form()['subject_token']).toBe('token-of-the-gateway');
  });

  it('never sends a caller’s request without a credential', async () => {
    issuer.settings.mode = 'down';
    await expect(ask(tokenExchange(), resource.mcp, alice)).rejects.toMatchObject({
      code: 'upstream_auth_failed',
    });
    expect(resource.requests()).toHaveLength(0);
  });
});

describe('ID-JAG (enterprise-managed authorization)', () => {
  it('turns the caller’s token into an assertion at the identity provider, and that into a token for the upstream', async () => {
    const idp = await startAuthServer();
    try {
      expect(await ask(idJag(idp.url, { subject_token_type: 'id_token' }), resource.mcp, alice)).toBe(200);
      const [exchange] = idp.tokenRequests().map((request) => Object.fromEntries(request));
      expect(exchange).toMatchObject({
        requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
        audience: issuer.url,
        resource: resource.mcp,
        subject_token: alice.token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      });
      expect(form()).toMatchObject({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: expect.stringMatching(/^jag-/) as string,
      });
      expect(JSON.stringify([issuer.seen, resource.seen])).not.toContain('CANARY');
    } finally {
      await idp.close();
    }
  });

  it.each([
    ['the identity provider answers with an access token', { tokenType: 'Bearer-like' }],
    ['the identity provider refuses', { refuseToken: 'access_denied' }],
    ['the identity provider’s metadata is not its own', { metadata: { issuer: 'http://127.0.0.1:3' } }],
    ['the identity provider is down', { mode: 'down' as const }],
  ])('fails before the upstream is asked when %s', async (_, settings) => {
    const idp = await startAuthServer();
    try {
      Object.assign(idp.settings, settings);
      await expect(ask(idJag(idp.url), resource.mcp, alice)).rejects.toMatchObject({
        code: 'upstream_auth_failed',
      });
      expect(issuer.tokenRequests()).toHaveLength(0);
      expect(resource.requests()).toHaveLength(0);
    } finally {
      await idp.close();
    }
  });
});
