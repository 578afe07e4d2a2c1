import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { upstreamAuth } from '#config/upstream-auth.schema.js';
import { CountersignError } from '#core/errors.js';
import type { ConsentEvent } from '#core/upstream/consent.events.js';
import type { UpstreamAuth, UpstreamCaller } from '#mcp/upstream/upstream-auth.types.js';
import {
  type AuthorizationCodeConfig,
  authorizationCodeAuth,
  consentOwner,
} from '../kinds/authorization-code.js';
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
import { type Consents, openConsents } from './consents.js';

const ACTOR = { kind: 'service', service: 'test', instance: 'i' } as const;
const PUBLIC = 'http://127.0.0.1:8080';
let issuer: AuthServer;
let resource: Resource;
let world: Awaited<ReturnType<typeof openContext>>;
let consents: Consents;
let auth: UpstreamAuth;
let config: AuthorizationCodeConfig;
let events: (ConsentEvent & { readonly expected: number })[];
let granted: string[];
let ledgerIsUp = true;

const setUp = (more: object = {}) => {
  config = upstreamAuth.parse({
    type: 'authorization_code',
    consent: 'shared',
    ...more,
  }) as AuthorizationCodeConfig;
  const options = { context: world.context, config, publicUrl: () => PUBLIC };
  auth = authorizationCodeAuth(options);
  consents = openConsents({
    upstreams: new Map([['payments', options]]),
    store: world.context.store,
    publicUrl: () => PUBLIC,
    now: world.context.now,
    record: async (_id, expected, _actor, event) => {
      if (!ledgerIsUp) throw new CountersignError('ledger_unavailable');
      events.push({ ...event, expected });
    },
    onGranted: (upstream) => granted.push(upstream),
  });
};

beforeEach(async () => {
  issuer = await startAuthServer();
  resource = await startResource(issuer);
  world = await openContext(resource.mcp);
  events = [];
  granted = [];
  ledgerIsUp = true;
  setUp();
});
afterEach(async () => {
  await Promise.all([issuer.close(), resource.close(), world.close()]);
});

const begin = async (caller?: UpstreamCaller) => {
  const owner = consentOwner(config, caller);
  const { url } = await consents.begin({
    upstream: 'payments',
    owner,
    principal: caller?.principal ?? 'op',
    actor: ACTOR,
  });
  return new URL(url).searchParams.get('link') ?? '';
};
/** As far as the authorization server's answer; what the browser brings back. */
const goThere = async (caller?: UpstreamCaller) => {
  const link = await begin(caller);
  const { cookie } = await consents.open('payments', link, undefined);
  const to = await consents.start('payments', link, cookie);
  const back = await fetch(to, { redirect: 'manual' });
  const answer = Object.fromEntries(new URL(back.headers.get('location') ?? '').searchParams);
  return { link, cookie, to, answer };
};
const consent = async (caller?: UpstreamCaller) => {
  const { answer, cookie } = await goThere(caller);
  return consents.finish(answer, cookie);
};
const types = () => events.map(({ type }) => type.replace('UpstreamConsent', ''));
const lastReason = () => (events.at(-1)?.data as { reason?: string } | undefined)?.reason;
const needed = { code: 'upstream_consent_needed', detail: 'payments' };
const invalid = { code: 'consent_invalid' };

describe('a shared consent', () => {
  it('serves everybody once an operator has given it', async () => {
    await expect(ask(auth, resource.mcp)).rejects.toMatchObject(needed);
    await expect(ask(auth, resource.mcp, alice)).rejects.toMatchObject(needed);
    await consent();
    expect(await ask(auth, resource.mcp, alice)).toBe(200);
    expect(await ask(auth, resource.mcp)).toBe(200);
    expect(await consents.state('payments', 'gateway')).toMatchObject({
      state: 'connected',
      consentedBy: 'op',
      scope: 'read',
    });
  });

  it('asks with PKCE, state, resource and what the challenge wants; the redirect address is the gateway’s', async () => {
    const { to } = await goThere();
    expect(Object.fromEntries(to.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      resource: resource.mcp,
      scope: 'read',
      redirect_uri: `${PUBLIC}/upstreams/callback`,
    });
  });

  it('is on record before its tokens are kept: request, then grant, and no token in either', async () => {
    await consent();
    expect(types()).toEqual(['Requested', 'Granted']);
    expect(granted).toEqual(['payments']);
    expect(events.map(({ expected }) => expected)).toEqual([-1, 0]);
    const tokens = [...issuer.valid.keys()];
    expect(tokens).toHaveLength(1);
    for (const token of tokens) expect(JSON.stringify(events)).not.toContain(token);
    expect(events[1]?.data).toMatchObject({ upstream: 'payments', owner: 'gateway', issuer: issuer.url });
  });

  it('gives nothing when it cannot be recorded', async () => {
    const { answer, cookie } = await goThere();
    ledgerIsUp = false;
    await expect(consents.finish(answer, cookie)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await expect(ask(auth, resource.mcp, alice)).rejects.toMatchObject(needed);
    await expect(begin()).rejects.toMatchObject({ code: 'ledger_unavailable' });
  });

  it('ends when it is revoked: on record, tokens removed, the authorization server told', async () => {
    await consent();
    await consents.revoke('payments', 'gateway', ACTOR);
    expect(types()).toEqual(['Requested', 'Granted', 'Revoked']);
    expect(events[2]?.expected).toBe(1);
    expect(issuer.revoked).toEqual([expect.stringMatching(/^refresh-/)]);
    await expect(ask(auth, resource.mcp, alice)).rejects.toMatchObject(needed);
    await expect(consents.revoke('payments', 'gateway', ACTOR)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a consent of each caller', () => {
  beforeEach(() => setUp({ consent: 'per_caller' }));

  it('serves that caller only; nothing is sent for others', async () => {
    await consent(alice);
    expect(await ask(auth, resource.mcp, alice)).toBe(200);
    const before = resource.requests().length;
    await expect(ask(auth, resource.mcp, bob)).rejects.toMatchObject(needed);
    await expect(
      ask(auth, resource.mcp, { ...alice, issuer: 'https://other.example' }),
    ).rejects.toMatchObject(needed);
    expect(resource.requests()).toHaveLength(before);
    await expect(ask(auth, resource.mcp)).rejects.toMatchObject(needed);
  });

  it('never shows the caller’s own token to anybody', async () => {
    await ask(auth, resource.mcp, alice).catch(() => undefined);
    await consent(alice);
    await ask(auth, resource.mcp, alice);
    expect(JSON.stringify([issuer.seen, resource.seen, events])).not.toContain('CANARY');
  });
});

describe('a link', () => {
  it('works once', async () => {
    const { link, cookie } = await goThere();
    await expect(consents.start('payments', link, cookie)).rejects.toMatchObject(invalid);
    await expect(consents.open('payments', link, cookie)).rejects.toMatchObject(invalid);
  });

  it('ends after five minutes', async () => {
    const link = await begin();
    world.clock.ahead_ms = 5 * 60_000;
    await expect(consents.open('payments', link, undefined)).rejects.toMatchObject(invalid);
  });

  it('belongs to the browser that opened it first', async () => {
    const link = await begin();
    const { cookie } = await consents.open('payments', link, undefined);
    await expect(consents.open('payments', link, undefined)).rejects.toMatchObject(invalid);
    const other = (await consents.open('payments', await begin(), undefined)).cookie;
    await expect(consents.open('payments', link, other)).rejects.toMatchObject(invalid);
    expect((await consents.open('payments', link, cookie)).cookie).toBe(cookie);
    await expect(consents.start('payments', link, other)).rejects.toMatchObject(invalid);
    expect(lastReason()).toBe('other_browser');
    await expect(consents.start('payments', link, cookie)).rejects.toMatchObject(invalid);
  });

  it('is for one server', async () => {
    await expect(consents.open('other', await begin(), undefined)).rejects.toMatchObject(invalid);
  });

  it('cannot be guessed or made up', async () => {
    for (const link of ['', 'x', 'a'.repeat(43), '../grant/payments/gateway'])
      await expect(consents.open('payments', link, undefined)).rejects.toMatchObject(invalid);
  });
});

describe('the answer of the authorization server is refused', () => {
  it.each([
    ['its issuer is another', { iss: 'https://attacker.example' }, 'issuer_mismatch'],
    ['its issuer only looks alike', { iss: 'TRAILING_SLASH' }, 'issuer_mismatch'],
    ['its issuer is missing although it was announced', { iss: undefined }, 'issuer_mismatch'],
    ['the person said no', { error: 'access_denied', code: undefined }, 'access_denied'],
    ['it holds neither code nor error', { code: undefined }, 'no_code'],
    ['its error is not one', { error: '<script>', code: undefined }, 'error'],
    ['the code is not known', { code: 'made-up' }, 'invalid_grant'],
  ])('when %s; the state is used up', async (_, change, reason) => {
    const { answer, cookie } = await goThere();
    const iss = 'iss' in change && change.iss === 'TRAILING_SLASH' ? { iss: `${issuer.url}/` } : {};
    await expect(consents.finish({ ...answer, ...change, ...iss }, cookie)).rejects.toBeInstanceOf(
      CountersignError,
    );
    expect(lastReason()).toBe(reason);
    await expect(consents.finish(answer, cookie)).rejects.toMatchObject(invalid);
    await expect(ask(auth, resource.mcp)).rejects.toMatchObject(needed);
  });

  it('when the state is missing, another, or was used before', async () => {
    const { answer, cookie } = await goThere();
    for (const state of [undefined, '', 'x', 'a'.repeat(43)])
      await expect(consents.finish({ ...answer, state }, cookie)).rejects.toMatchObject(invalid);
    await consents.finish(answer, cookie);
    const before = issuer.tokenRequests().length;
    await expect(consents.finish(answer, cookie)).rejects.toMatchObject(invalid);
    expect(issuer.tokenRequests()).toHaveLength(before);
  });

  it.each([
    ['another browser', 'b'.repeat(43)],
    ['a browser without the cookie', undefined],
  ])('when %s brings it; the code is not redeemed', async (_, cookie) => {
    const { answer } = await goThere();
    await expect(consents.finish(answer, cookie)).rejects.toMatchObject(invalid);
    expect(lastReason()).toBe('other_browser');
    expect(issuer.tokenRequests()).toHaveLength(0);
  });

  it('when it comes too late', async () => {
    const { answer, cookie } = await goThere();
    world.clock.ahead_ms = 10 * 60_000;
    await expect(consents.finish(answer, cookie)).rejects.toMatchObject(invalid);
    expect(lastReason()).toBe('expired');
  });

  it('when the token is of another type, or the server is down; no consent is recorded', async () => {
    for (const change of [{ tokenType: 'mac' }, { mode: 'down' as const }]) {
      const { answer, cookie } = await goThere();
      const before = { ...issuer.settings };
      Object.assign(issuer.settings, change);
      await expect(consents.finish(answer, cookie)).rejects.toMatchObject({ code: 'upstream_auth_failed' });
      Object.assign(issuer.settings, before);
    }
    expect(types()).not.toContain('Granted');
    expect(granted).toEqual([]);
  });

  it('and a code of one authorization server never goes to another (mix-up)', async () => {
    const attacker = await startAuthServer();
    try {
      const { answer, cookie } = await goThere();
      resource.settings.issuer = attacker;
      await consents.finish(answer, cookie);
      expect(attacker.seen).toEqual([]);
    } finally {
      await attacker.close();
    }
  });
});

describe('the client', () => {
  it('is registered once for an issuer, and again for another; neither sees the other’s credentials', async () => {
    await consent();
    await consent();
    const registrations = (server: AuthServer) =>
      server.seen.filter(({ path }) => path === '/register').length;
    expect(registrations(issuer)).toBe(1);
    const other = await startAuthServer();
    try {
      resource.settings.issuer = other;
      await expect(ask(auth, resource.mcp)).rejects.toMatchObject(needed);
      expect(await consents.state('payments', 'gateway')).toMatchObject({ because: 'other_issuer' });
      await consent();
      expect(registrations(other)).toBe(1);
      const clientOfFirst =
        issuer.seen.find(({ path }) => path === '/authorize')?.query.get('client_id') ?? 'none';
      expect(JSON.stringify(other.seen)).not.toContain(clientOfFirst);
      expect(JSON.stringify(other.tokenRequests().map(String))).not.toContain('refresh-');
    } finally {
      await other.close();
    }
  });

  it('is the metadata document where the server takes one', async () => {
    issuer.settings.metadata = { client_id_metadata_document_supported: true };
    setUp({ client_metadata_url: 'https://gateway.bank.example/client.json' });
    await consent();
    expect(issuer.tokenRequests()[0]?.get('client_id')).toBe('https://gateway.bank.example/client.json');
    expect(issuer.seen.some(({ path }) => path === '/register')).toBe(false);
  });

  it('is the registered one when the operator names it; without any of the three there is no consent', async () => {
    issuer.settings.metadata = { registration_endpoint: undefined };
    await expect(goThere()).rejects.toMatchObject({ code: 'upstream_auth_failed' });
    expect(lastReason()).toBe('upstream_auth_failed');
    setUp({ client_id: 'gw-1', client_secret: { env: 'client-secret' }, issuer: issuer.url });
    await consent();
    expect(await ask(auth, resource.mcp)).toBe(200);
  });

  it('does not start without PKCE, or towards an address that is not for browsers', async () => {
    issuer.settings.metadata = { code_challenge_methods_supported: ['plain'] };
    await expect(goThere()).rejects.toMatchObject({ code: 'upstream_auth_failed' });
    issuer.settings.metadata = { code_challenge_methods_supported: undefined };
    await expect(goThere()).rejects.toMatchObject({ code: 'upstream_auth_failed' });
    issuer.settings.metadata = { authorization_endpoint: 'http://as.example/authorize' };
    await expect(goThere()).rejects.toMatchObject({ code: 'upstream_auth_failed' });
  });
});

describe('tokens that end', () => {
  it('are refreshed once for many requests; the rotated refresh token is the one used next', async () => {
    await consent();
    for (const hours of [1, 2]) {
      world.clock.ahead_ms = hours * 3_600_000;
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(auth, resource.mcp, alice)));
      expect(new Set(answers)).toEqual(new Set([200]));
    }
    const used = issuer.tokenRequests().map((request) => request.get('refresh_token'));
    expect(used.filter((token) => token !== null)).toHaveLength(2);
    expect(new Set(used).size).toBe(3);
  });

  it('are refreshed when the server refuses them early', async () => {
    await consent();
    issuer.valid.clear();
    expect(await ask(auth, resource.mcp)).toBe(200);
  });

  it('are kept when the authorization server is down, and forgotten when it refuses them', async () => {
    await consent();
    world.clock.ahead_ms = 3_600_000;
    issuer.settings.mode = 'down';
    await expect(ask(auth, resource.mcp)).rejects.toMatchObject({ code: 'upstream_auth_failed' });
    issuer.settings.mode = 'up';
    issuer.settings.refuseToken = 'invalid_grant';
    await expect(ask(auth, resource.mcp)).rejects.toMatchObject(needed);
    issuer.settings.refuseToken = undefined;
    await expect(ask(auth, resource.mcp)).rejects.toMatchObject(needed);
    expect(await consents.state('payments', 'gateway')).toMatchObject({ because: 'tokens_refused' });
  });

  it('survive a restart', async () => {
    await consent();
    setUp();
    expect(await ask(auth, resource.mcp)).toBe(200);
    expect(types()).toEqual(['Requested', 'Granted']);
  });
});

describe('a server that wants more scopes', () => {
  it('gets another consent that asks for the union; the old one serves until then', async () => {
    await consent();
    resource.settings.scopes = ['write'];
    await expect(ask(auth, resource.mcp)).rejects.toMatchObject(needed);
    resource.settings.scopes = ['read'];
    expect(await ask(auth, resource.mcp)).toBe(200);
    resource.settings.scopes = ['read', 'write'];
    const { to } = await goThere();
    expect(to.searchParams.get('scope')).toBe('read write');
    await consent();
    expect(await ask(auth, resource.mcp)).toBe(200);
  });

  it('is refused when it wants what was asked for already, or never stops', async () => {
    await consent();
    for (const token of issuer.valid.keys()) issuer.valid.set(token, 'less');
    expect(await ask(auth, resource.mcp)).toBe(403);
    for (const scope of ['a', 'b', 'c']) {
      resource.settings.scopes = [scope];
      await expect(ask(auth, resource.mcp)).rejects.toMatchObject(needed);
    }
    resource.settings.scopes = ['d'];
    expect(await ask(auth, resource.mcp)).toBe(403);
  });
});
