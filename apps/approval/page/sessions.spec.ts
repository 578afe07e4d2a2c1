import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import {
  claimsFor,
  type FixtureKey,
  makeKey,
  nowSeconds,
  sign,
  startIssuer,
} from '#identity/issuer.fixture.js';
import type { DpopMode } from '#identity/protected-resource.js';
import { createResourceServer } from '#identity/resource-server.js';
import { NO_SCOPES } from '#identity/scopes.js';
import { createTokenVerifier } from '#identity/token-verifier.js';
import { sealedValues } from './sealed-values.js';
import { openSessions, type Session } from './sessions.js';

const PUBLIC = 'https://gateway.bank.example';

describe('a session of the approval page', () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let key: FixtureKey;
  let roles: readonly string[] = ['manager'];
  beforeAll(async () => {
    key = await makeKey('k');
    issuer = await startIssuer([key]);
  });
  afterAll(() => issuer.close());

  const sessionsWith = (
    options: {
      now_s?: () => number;
      max_s?: number;
      scopes?: string[];
      secret?: string;
      dpop?: DpopMode;
      hasEnded?: (session: Session) => boolean;
    } = {},
  ) => {
    const identity = {
      issuers: [{ issuer: issuer.url, groups_claim: 'groups', principal_claim: 'preferred_username' }],
      algorithms: ['RS256'],
      clock_skew_s: 5,
      token_cache_max: 100,
    };
    const bus: Bus = {
      request: async (contract) => contract.reply.parse({ roles: [...roles] }),
      close: async () => undefined,
    };
    return openSessions({
      sealed: sealedValues(options.secret ?? 'k'.repeat(32)),
      resourceServer: createResourceServer({
        identity: {
          ...identity,
          scopes: { ...NO_SCOPES, rest: options.scopes ?? [] },
          dpop: options.dpop ?? 'off',
        },
        verifier: createTokenVerifier(identity),
        publicUrl: () => PUBLIC,
        dpopNonceSecret: options.dpop && 'a secret of all replicas',
      }),
      bus,
      session_s_max: options.max_s ?? 3_600,
      hasEnded: options.hasEnded ?? (() => false),
      now_s: options.now_s ?? (() => Date.now() / 1_000),
    });
  };
  const tokenWith = (changes: Record<string, unknown> = {}) =>
    sign(key, claimsFor(issuer.url, PUBLIC, changes));
  const kept = (cookies: readonly string[]): string =>
    cookies
      .filter((cookie) => !cookie.includes('Max-Age=0'))
      .map((cookie) => cookie.split(';')[0])
      .join('; ');
  const ageOf = (cookies: readonly string[]): number => Number(/Max-Age=(\d+)/.exec(cookies[0] ?? '')?.[1]);

  it('is who the token says, with the roles that policy gives now', async () => {
    const sessions = sessionsWith();
    const cookies = kept(await sessions.begin({ token: await tokenWith() }, true));
    expect((await sessions.find(cookies, true))?.caller).toMatchObject({
      principal: 'risk-analyst',
      roles: ['manager'],
    });
    roles = [];
    expect((await sessions.find(cookies, true))?.caller.roles).toEqual([]);
    roles = ['manager'];
  });

  it('ends with its token, or earlier by the setting', async () => {
    const exp = nowSeconds() + 120;
    const short = await sessionsWith({ max_s: 60 }).begin({ token: await tokenWith({ exp }) }, true);
    expect(ageOf(short)).toBeGreaterThan(55);
    expect(ageOf(short)).toBeLessThanOrEqual(60);
    const long = await sessionsWith().begin({ token: await tokenWith({ exp }) }, true);
    expect(ageOf(long)).toBeGreaterThan(110);
    expect(ageOf(long)).toBeLessThanOrEqual(120);
    const later = sessionsWith({ now_s: () => exp });
    expect(await later.find(kept(long), true)).toBeUndefined();
  });

  it.each([
    ['for another audience', { aud: 'https://other.example' }],
    ['that is over', { exp: 1 }],
    ['bound to a key', { cnf: { jkt: 'A'.repeat(43) } }],
  ])('does not begin with a token %s', async (_, changes) => {
    await expect(sessionsWith().begin({ token: await tokenWith(changes) }, true)).rejects.toMatchObject({
      code: expect.stringMatching(/^token_/),
    });
  });

  it('does not begin without the scopes of the REST edge, and ends when more are needed', async () => {
    const token = await tokenWith({ scope: 'approve' });
    const cookies = kept(await sessionsWith({ scopes: ['approve'] }).begin({ token }, true));
    expect(await sessionsWith({ scopes: ['approve', 'more'] }).find(cookies, true)).toBeUndefined();
    await expect(sessionsWith({ scopes: ['more'] }).begin({ token }, true)).rejects.toMatchObject({
      code: 'scope_missing',
    });
  });

  it('is found with its own cookie only: not over plain HTTP, not with another key', async () => {
    const sessions = sessionsWith();
    const cookies = kept(await sessions.begin({ token: await tokenWith() }, true));
    expect(await sessions.find(cookies, false)).toBeUndefined();
    expect(await sessions.find(undefined, true)).toBeUndefined();
    expect(await sessionsWith({ secret: 'l'.repeat(32) }).find(cookies, true)).toBeUndefined();
    expect(kept(sessions.clear(true))).toBe('');
  });

  it('of a large token has several cookies; one that fits no cookie is refused', async () => {
    const sessions = sessionsWith();
    const groups = (count: number) =>
      Array.from({ length: count }, (_, at) => `BANK-GROUP-WITH-A-LONG-NAME-${at}`);
    const cookies = await sessions.begin({ token: await tokenWith({ groups: groups(100) }) }, true);
    expect(kept(cookies).split('; ').length).toBeGreaterThan(1);
    expect((await sessions.find(kept(cookies), true))?.caller.groups).toHaveLength(100);
    await expect(
      sessions.begin({ token: await tokenWith({ groups: groups(190) }) }, true),
    ).rejects.toMatchObject({
      code: 'login_failed',
    });
  });

  const boundToken = async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jkt = await calculateJwkThumbprint(await exportJWK(publicKey));
    return { token: await tokenWith({ cnf: { jkt } }), key: await exportJWK(privateKey) };
  };

  it.each(['optional', 'required'] as const)(
    'of a token that is bound to a key proves at each look that it has the key, where that is %s',
    async (dpop) => {
      const sessions = sessionsWith({ dpop });
      const held = await boundToken();
      const cookies = kept(await sessions.begin(held, true));
      for (let look = 0; look < 3; look++)
        expect((await sessions.find(cookies, true))?.caller.principal).toBe('risk-analyst');
      const { key } = await boundToken();
      await expect(sessions.begin({ ...held, key }, true)).rejects.toMatchObject({ code: 'dpop_invalid' });
      await expect(sessions.begin({ token: held.token }, true)).rejects.toMatchObject({
        code: dpop === 'required' ? 'token_missing' : 'token_invalid',
      });
    },
  );

  it('ends when the edge takes tokens of its kind no more', async () => {
    const bearer = kept(await sessionsWith().begin({ token: await tokenWith() }, true));
    expect(await sessionsWith({ dpop: 'required' }).find(bearer, true)).toBeUndefined();
    const bound = kept(await sessionsWith({ dpop: 'required' }).begin(await boundToken(), true));
    expect(await sessionsWith().find(bound, true)).toBeUndefined();
  });

  it('that somebody has signed out of is none, whatever its cookie says', async () => {
    const ended = new Set<string>();
    const sessions = sessionsWith({ hasEnded: ({ id }) => ended.has(id) });
    const cookies = kept(await sessions.begin({ token: await tokenWith() }, true));
    const found = await sessions.find(cookies, true);
    ended.add(found?.session.id ?? '');
    expect(found).toBeDefined();
    expect(await sessions.find(cookies, true)).toBeUndefined();
  });

  it('has tokens for its forms that no other session has', async () => {
    const sessions = sessionsWith();
    const find = async () =>
      sessions.find(kept(await sessions.begin({ token: await tokenWith() }, true)), true);
    const [one, two] = [await find(), await find()];
    const token = one?.formToken('approval-1') ?? '';
    expect(one?.isFormToken(token, 'approval-1')).toBe(true);
    expect(one?.isFormToken(token, 'approval-2')).toBe(false);
    expect(two?.isFormToken(token, 'approval-1')).toBe(false);
  });
});
