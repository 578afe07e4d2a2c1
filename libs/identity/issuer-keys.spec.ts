import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { claimsFor, type FixtureKey, makeKey, sign, startIssuer } from './issuer.fixture.js';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.js';

const AUDIENCE = 'https://gateway.example/mcp';
const MINUTE_MS = 60_000;
let key: FixtureKey;
let issuer: Awaited<ReturnType<typeof startIssuer>>;
let verifier: TokenVerifier;

/** Each token is another one, so that none of these cases is answered by the token cache. */
let serial = 0;
const freshToken = (by: FixtureKey, header = {}) =>
  sign(
    by,
    claimsFor(issuer.url, AUDIENCE, { jti: `t-${serial++}`, exp: Math.floor(Date.now() / 1000) + 600 }),
    header,
  );
const outcome = (text: string): Promise<string> =>
  verifier.verify(text, AUDIENCE).then(
    () => 'accepted',
    (error: unknown) => (error instanceof CountersignError ? error.code : String(error)),
  );
const later = (ms: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
};
const makeVerifier = (url: string, discovery_url?: string): TokenVerifier =>
  createTokenVerifier({
    issuers: [
      {
        issuer: url,
        groups_claim: 'groups',
        principal_claim: 'sub',
        ...(discovery_url && { discovery_url }),
      },
    ],
    algorithms: ['RS256', 'ES256'],
    clock_skew_s: 30,
    token_cache_max: 100,
  });

beforeEach(async () => {
  key ??= await makeKey('key-1');
  issuer = await startIssuer([key]);
  verifier = makeVerifier(issuer.url);
});
afterEach(async () => {
  vi.useRealTimers();
  await issuer.close();
});

describe('the keys of an issuer', () => {
  it('are fetched once for many tokens, also when they come at the same time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => freshToken(key)));
    expect(new Set(await Promise.all(tokens.map(outcome)))).toEqual(new Set(['accepted']));
    expect(issuer.state.jwksRequests).toBe(1);
  });

  it('are fetched again when a token names an unknown key, so that a rotation is seen at once', async () => {
    expect(await outcome(await freshToken(key))).toBe('accepted');
    const next = await makeKey('key-2', 'ES256');
    issuer.state.jwks = [key.jwk, next.jwk];
    expect(await outcome(await freshToken(next))).toBe('accepted');
    expect(await outcome(await freshToken(key))).toBe('accepted');
    issuer.state.jwks = [next.jwk];
    later(6 * MINUTE_MS);
    await outcome(await freshToken(key));
    await vi.waitFor(async () => expect(await outcome(await freshToken(key))).toBe('token_invalid'), 30_000);
  });

  it('are not fetched for each of a hundred made-up key ids', async () => {
    for (let i = 0; i < 100; i++) {
      expect(await outcome(await freshToken(key, { kid: `made-up-${i}` }))).toBe('token_invalid');
    }
    expect(issuer.state.jwksRequests).toBeLessThan(20);
    expect(await outcome(await freshToken(key))).toBe('accepted');
  });

  it('go on working during an outage, but not for ever, and an unknown key is "unavailable" then', async () => {
    expect(await outcome(await freshToken(key))).toBe('accepted');
    issuer.state.mode = 'error';
    expect(await outcome(await freshToken(key, { kid: 'unknown' }))).toBe('identity_unavailable');
    later(30 * MINUTE_MS);
    expect(await outcome(await freshToken(key))).toBe('accepted');
    const seenBefore = await freshToken(key);
    expect(await outcome(seenBefore)).toBe('accepted');
    later(61 * MINUTE_MS);
    expect(await outcome(await freshToken(key))).toBe('identity_unavailable');
    expect(await outcome(seenBefore)).not.toBe('accepted');
    issuer.state.mode = 'up';
    later(5_000);
    expect(await outcome(await freshToken(key))).toBe('accepted');
  });

  it('that cannot be had mean "unavailable" within 2 s, whatever the issuer does instead', async () => {
    for (const mode of ['hang', 'drip', 'error', 'redirect', 'endless'] as const) {
      issuer.state.mode = mode;
      verifier = makeVerifier(issuer.url);
      const started_ms = performance.now();
      expect(await outcome(await freshToken(key))).toBe('identity_unavailable');
      // The rest is room for a busy machine.
      expect(performance.now() - started_ms).toBeLessThan(10_000);
    }
  });

  it('are not taken from a discovery document of another issuer', async () => {
    issuer.state.says = 'https://other.example';
    expect(await outcome(await freshToken(key))).toBe('identity_unavailable');
  });

  it('may be discovered at another address than the issuer names itself with', async () => {
    issuer.state.says = 'https://login.bank.example';
    verifier = makeVerifier('https://login.bank.example', `${issuer.url}/.well-known/openid-configuration`);
    const claims = claimsFor('https://login.bank.example', AUDIENCE);
    expect(await outcome(await sign(key, claims))).toBe('accepted');
  });

  it('that are weak, symmetric, private or nameless are not used', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { SignJWT } = await import('jose');
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    issuer.state.jwks = [
      key.jwk,
      { ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256' },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'secret', alg: 'HS256' },
      { ...key.jwk, kid: undefined },
      'nonsense',
      null,
    ];
    expect(await outcome(await freshToken(key))).toBe('accepted');
    const { createSign } = await import('node:crypto');
    const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'weak' })).toString('base64url');
    const payload = Buffer.from(JSON.stringify(claimsFor(issuer.url, AUDIENCE))).toString('base64url');
    const signature = createSign('sha256').update(`${header}.${payload}`).sign(weak.privateKey, 'base64url');
    expect(await outcome(`${header}.${payload}.${signature}`)).toBe('token_invalid');
    const hmac = await new SignJWT(claimsFor(issuer.url, AUDIENCE))
      .setProtectedHeader({ alg: 'HS256', kid: 'secret' })
      .sign(Buffer.from('c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0'));
    expect(await outcome(hmac)).toBe('token_invalid');
  });

  it('can be fetched before the first token comes', async () => {
    await verifier.warm();
    expect(issuer.state.jwksRequests).toBe(1);
    expect(await outcome(await freshToken(key))).toBe('accepted');
    expect(issuer.state.jwksRequests).toBe(1);
    issuer.state.mode = 'error';
    await expect(makeVerifier(issuer.url).warm()).rejects.toMatchObject({ code: 'identity_unavailable' });
  });
});
