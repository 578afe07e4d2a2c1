import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { upstreamAuth } from '#config/upstream-auth.schema.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import { type AuthorizationCodeConfig, authorizationCodeAuth } from '../kinds/authorization-code.js';
import { consentedGrants } from '../kinds/consented-grant.js';
import { clientDocument } from '../oauth/client-identity.js';
import { json, type Listening, listen, openContext } from '../oauth-world.fixture.js';
import { type Consents, openConsents } from './consents.js';

const PUBLIC = 'https://gateway.bank.example';
const ACTOR = { kind: 'service', service: 'test', instance: 'i' } as const;
let provider: Provider;
let server: Server;
let issuer = '';
let resource: Listening;
let world: Awaited<ReturnType<typeof openContext>>;
let auth: UpstreamAuth;
let consents: Consents;

/** Everybody is signed in and consents to what is asked. */
const grantEverything = async (ctx: KoaContextWithOIDC) => {
  const { client, params, resourceServers } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client?.clientId, accountId: 'operator' });
  grant.addOIDCScope(String(params?.['scope'] ?? ''));
  for (const indicator of Object.keys(resourceServers ?? {})) grant.addResourceScope(indicator, 'read write');
  await grant.save();
  return grant;
};

const configuration = async (): Promise<Configuration> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] } as NonNullable<
      Configuration['jwks']
    >,
    cookies: { keys: ['a key for tests only'] },
    scopes: ['openid', 'offline_access', 'read', 'write'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}` },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 3_600,
      IdToken: 600,
      Interaction: 60,
      RefreshToken: 3_600,
      Session: 600,
    },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    loadExistingGrant: grantEverything,
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `${resource.url}/mcp`,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, indicator) => ({
          scope: 'read write',
          audience: indicator,
          accessTokenFormat: 'opaque' as const,
        }),
      },
    },
    // The document of the gateway stands at an https address that nobody serves in a test.
    fetch: async (url, options) =>
      String(url) === clientDocument(PUBLIC).client_id
        ? Response.json(clientDocument(PUBLIC))
        : fetch(url, options),
  };
};

beforeAll(async () => {
  for (const method of ['info', 'warn', 'log'] as const) vi.spyOn(console, method).mockReturnValue();
  resource = await listen(async ({ path, headers }, response) => {
    const prm = `${resource.url}/.well-known/oauth-protected-resource/mcp`;
    if (path.startsWith('/.well-known/'))
      return json(response, 200, { resource: `${resource.url}/mcp`, authorization_servers: [issuer] });
    const token = await provider.AccessToken.find(headers.authorization?.replace('Bearer ', '') ?? '');
    if (token?.aud === `${resource.url}/mcp`) return json(response, 200, {});
    const challenge = `Bearer resource_metadata="${prm}", scope="read"`;
    return json(response, 401, {}, { 'www-authenticate': challenge });
  });
  server = createServer((request, response) => {
    const uid = /^\/sign-in\/(.+)$/.exec(request.url ?? '')?.[1];
    if (uid === undefined) return void provider.callback()(request, response);
    return void provider.interactionFinished(request, response, {
      login: { accountId: 'operator' },
      consent: {},
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider = new Provider(issuer, await configuration());
});
beforeEach(async () => {
  world = await openContext(`${resource.url}/mcp`);
  return () => world.close();
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await resource.close();
});

const setUp = (more: object) => {
  const config = upstreamAuth.parse({ type: 'authorization_code', consent: 'shared', issuer, ...more });
  const options = {
    context: world.context,
    config: config as AuthorizationCodeConfig,
    publicUrl: () => PUBLIC,
  };
  auth = authorizationCodeAuth(options);
  consents = openConsents({
    upstreams: new Map([['payments', options]]),
    store: world.context.store,
    publicUrl: () => PUBLIC,
    now: world.context.now,
    record: async () => undefined,
    onGranted: () => undefined,
  });
};

/** A browser: follows redirects, keeps cookies, until it is sent back to the gateway. */
const browse = async (from: URL): Promise<URLSearchParams> => {
  const cookies = new Map<string, string>();
  let url = from;
  for (let step = 0; step < 8; step += 1) {
    if (url.origin === PUBLIC) return url.searchParams;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`the provider answered ${answer.status}: ${await answer.text()}`);
    url = new URL(location, url);
  }
  throw new Error('too many redirects');
};

const consent = async () => {
  const begun = await consents.begin({
    upstream: 'payments',
    owner: 'gateway',
    principal: 'op',
    actor: ACTOR,
  });
  const link = new URL(begun.url).searchParams.get('link') ?? '';
  const { cookie } = await consents.open('payments', link, undefined);
  const answer = Object.fromEntries(await browse(await consents.start('payments', link, cookie)));
  await consents.finish(answer, cookie);
};
const status = async () =>
  (await fetch(`${resource.url}/mcp`, { headers: { ...(await auth.headers()) } })).status;
const grant = () => consentedGrants(world.context.store, 'payments').grant('gateway');

describe('with an authorization server that others wrote', () => {
  it('the gateway is known by its metadata document (CIMD); consent, use, rotated refresh, revocation', async () => {
    setUp({});
    await consent();
    expect(await status()).toBe(200);
    const first = await grant();
    world.clock.ahead_ms = 600_000;
    expect(await status()).toBe(200);
    const second = await grant();
    expect(second?.accessToken).not.toBe(first?.accessToken);
    expect(second?.refreshToken).not.toBe(first?.refreshToken);
    const token = await provider.AccessToken.find(second?.accessToken ?? '');
    expect(token?.clientId).toBe(clientDocument(PUBLIC).client_id);
    await consents.revoke('payments', 'gateway', ACTOR);
    expect(await provider.RefreshToken.find(second?.refreshToken ?? '')).toBeUndefined();
    await expect(status()).rejects.toMatchObject({ code: 'upstream_consent_needed' });
  });

  it('a refresh token that was used before ends the consent, as the server wants it', async () => {
    setUp({});
    await consent();
    const stolen = await grant();
    world.clock.ahead_ms = 600_000;
    expect(await status()).toBe(200);
    const client_id = clientDocument(PUBLIC).client_id;
    const form = { grant_type: 'refresh_token', refresh_token: stolen?.refreshToken ?? '', client_id };
    const replay = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(replay.status).toBe(400);
    world.clock.ahead_ms = 2 * 600_000;
    await expect(status()).rejects.toMatchObject({ code: 'upstream_consent_needed' });
  });
});
