import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { claimsFor, type FixtureKey, makeKey, nowSeconds, sign, startIssuer } from './issuer.fixture.js';
import { createResourceServer, type ResourceServer } from './resource-server.js';
import { NO_SCOPES, ScopeMissing } from './scopes.js';
import { createTokenVerifier } from './token-verifier.js';

const PUBLIC = 'https://gateway.bank.example/base';
const RESOURCE = `${PUBLIC}/mcp`;
const SKEW_S = 5;
const NONCE_SECRET = 'a secret that all replicas share';
const SCOPES = {
  ...NO_SCOPES,
  mcp: ['mcp'],
  servers: { bank: { read: ['bank.read'], write: ['bank.read', 'bank.write'] } },
};

let issuer: Awaited<ReturnType<typeof startIssuer>>;
let issuerKey: FixtureKey;
let clientKey: FixtureKey;
let otherKey: FixtureKey;
let bound: string;
let bearer: string;

const thumbprint = (key: FixtureKey): Promise<string> => calculateJwkThumbprint(publicJwk(key));
const publicJwk = ({ jwk: { kid: _kid, use: _use, ...jwk } }: FixtureKey): JWK => jwk;

beforeAll(async () => {
  [issuerKey, clientKey, otherKey] = await Promise.all([
    makeKey('issuer-1'),
    makeKey('client-1', 'ES256'),
    makeKey('client-2', 'ES256'),
  ]);
  issuer = await startIssuer([issuerKey]);
  const claims = { scope: 'mcp' };
  bearer = await sign(issuerKey, claimsFor(issuer.url, RESOURCE, claims));
  bound = await sign(
    issuerKey,
    claimsFor(issuer.url, RESOURCE, { ...claims, cnf: { jkt: await thumbprint(clientKey) } }),
  );
});
afterAll(() => issuer.close());

const serverWith = (
  dpop: 'off' | 'optional' | 'required',
  dpopNonceSecret?: string,
  scopes = SCOPES,
): ResourceServer => {
  const identity = {
    issuers: [{ issuer: issuer.url, groups_claim: 'groups', principal_claim: 'sub' }],
    algorithms: ['RS256', 'ES256'],
    clock_skew_s: SKEW_S,
    token_cache_max: 100,
  };
  return createResourceServer({
    identity: { ...identity, scopes, dpop },
    verifier: createTokenVerifier(identity),
    publicUrl: () => PUBLIC,
    dpopNonceSecret,
  });
};

let serial = 0;
interface ProofChanges {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly key?: FixtureKey;
}
const proofFor = (token: string, { header = {}, claims = {}, key = clientKey }: ProofChanges = {}) =>
  new SignJWT({
    jti: `proof-${serial++}`,
    iat: nowSeconds(),
    htm: 'POST',
    htu: RESOURCE,
    ath: createHash('sha256').update(token).digest('base64url'),
    ...claims,
  })
    .setProtectedHeader({ alg: key.alg, typ: 'dpop+jwt', jwk: publicJwk(key), ...header })
    .sign(key.privateKey);

const outcome = async (
  server: ResourceServer,
  authorization: string,
  proofs: readonly string[],
  { method = 'POST', url = '/mcp?x=1' } = {},
): Promise<string> => {
  const rawHeaders = ['Authorization', authorization, ...proofs.flatMap((proof) => ['DPoP', proof])];
  try {
    const caller = await server.authenticate({ method, url, rawHeaders }, server.mcp(undefined));
    return caller.subject === 'u-17' ? 'accepted' : 'somebody else';
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
};

describe('a token bound to a key (RFC 9449)', () => {
  it('is accepted with a proof by that key for this method, address and token', async () => {
    const server = serverWith('required');
    expect(await outcome(server, `DPoP ${bound}`, [await proofFor(bound)])).toBe('accepted');
    expect(await outcome(server, `dpop ${bound}`, [await proofFor(bound)])).toBe('accepted');
  });

  it('is refused as a bearer token, with and without a proof (section 7.2)', async () => {
    const server = serverWith('optional');
    expect(await outcome(server, `Bearer ${bound}`, [])).toBe('token_invalid');
    expect(await outcome(server, `Bearer ${bound}`, [await proofFor(bound)])).toBe('token_invalid');
    expect(await outcome(serverWith('off'), `Bearer ${bound}`, [])).toBe('token_invalid');
  });

  it('and a bearer token sent with the scheme DPoP is refused', async () => {
    const server = serverWith('optional');
    expect(await outcome(server, `DPoP ${bearer}`, [await proofFor(bearer)])).toBe('token_invalid');
    expect(await outcome(server, `Bearer ${bearer}`, [])).toBe('accepted');
  });

  it('is needed where DPoP is required, and its scheme is unknown where DPoP is off', async () => {
    expect(await outcome(serverWith('required'), `Bearer ${bearer}`, [])).toBe('token_missing');
    expect(await outcome(serverWith('off'), `DPoP ${bound}`, [await proofFor(bound)])).toBe('token_missing');
  });

  it.each<[string, Record<string, unknown>]>([
    ['a certificate', { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' }],
    ['a key and a certificate', { jkt: 'A'.repeat(43), 'x5t#S256': 'B'.repeat(43) }],
    ['a thumbprint that is none', { jkt: 'short' }],
    ['nothing', {}],
  ])('is refused when it is bound to %s', async (_name, cnf) => {
    const token = await sign(issuerKey, claimsFor(issuer.url, RESOURCE, { cnf }));
    const server = serverWith('optional');
    expect(await outcome(server, `DPoP ${token}`, [await proofFor(token)])).toBe('token_invalid');
    expect(await outcome(server, `Bearer ${token}`, [])).toBe('token_invalid');
  });
});

describe('a proof of possession (RFC 9449 section 4.3)', () => {
  const now = nowSeconds();
  it.each<[string, () => ProofChanges]>([
    ['of another type', () => ({ header: { typ: 'JWT' } })],
    ['without a type', () => ({ header: { typ: undefined } })],
    ['by another key', () => ({ key: otherKey })],
    [
      'by another key that shows the right one',
      () => ({ key: otherKey, header: { jwk: publicJwk(clientKey) } }),
    ],
    ['without a key', () => ({ header: { jwk: undefined } })],
    ['that names a key by id only', () => ({ header: { jwk: undefined, kid: 'client-1' } })],
    ['for another method', () => ({ claims: { htm: 'GET' } })],
    ['for a method in another case', () => ({ claims: { htm: 'post' } })],
    ['without a method', () => ({ claims: { htm: undefined } })],
    ['for another endpoint', () => ({ claims: { htu: `${RESOURCE}/bank` } })],
    ['for another host', () => ({ claims: { htu: 'https://evil.example/base/mcp' } })],
    ['for another scheme', () => ({ claims: { htu: RESOURCE.replace('https', 'http') } })],
    ['for an address with a user', () => ({ claims: { htu: RESOURCE.replace('//', '//u@') } })],
    ['for an address in another case', () => ({ claims: { htu: `${PUBLIC}/MCP` } })],
    ['for no address', () => ({ claims: { htu: undefined } })],
    ['for a path without a host', () => ({ claims: { htu: '/base/mcp' } })],
    ['that is too old', () => ({ claims: { iat: now - 90 } })],
    ['from the future', () => ({ claims: { iat: now + 60 } })],
    ['with a time that is text', () => ({ claims: { iat: String(now) } })],
    ['without a time', () => ({ claims: { iat: undefined } })],
    ['without an id', () => ({ claims: { jti: undefined } })],
    ['with an empty id', () => ({ claims: { jti: '' } })],
    ['with an id over its limit', () => ({ claims: { jti: 'x'.repeat(257) } })],
    ['for another token', () => ({ claims: { ath: createHash('sha256').update('x').digest('base64url') } })],
    ['for no token', () => ({ claims: { ath: undefined } })],
    ['over 8 KB', () => ({ claims: { filler: 'x'.repeat(9_000) } })],
  ])('%s is refused', async (_name, changes) => {
    const proof = await proofFor(bound, changes());
    expect(await outcome(serverWith('required'), `DPoP ${bound}`, [proof])).toBe('dpop_invalid');
  });

  it('that brings its private key along is refused', async () => {
    const { exportJWK } = await import('jose');
    const proof = await proofFor(bound, { header: { jwk: await exportJWK(clientKey.privateKey) } });
    expect(await outcome(serverWith('required'), `DPoP ${bound}`, [proof])).toBe('dpop_invalid');
  });

  it('by a shared secret, or by nothing, is refused (check 5)', async () => {
    const secret = Buffer.alloc(32, 7);
    const jwk: JWK = { kty: 'oct', k: secret.toString('base64url') };
    const token = await sign(
      issuerKey,
      claimsFor(issuer.url, RESOURCE, { cnf: { jkt: await calculateJwkThumbprint(jwk) } }),
    );
    const claims = { jti: 'a', iat: nowSeconds(), htm: 'POST', htu: RESOURCE };
    const ath = createHash('sha256').update(token).digest('base64url');
    const symmetric = await new SignJWT({ ...claims, ath })
      .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk })
      .sign(secret);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none', typ: 'dpop+jwt', jwk })}.${part({ ...claims, ath })}.`;
    for (const proof of [symmetric, unsigned])
      expect(await outcome(serverWith('required'), `DPoP ${token}`, [proof])).toBe('dpop_invalid');
  });

  it('must be there exactly once (check 1)', async () => {
    const server = serverWith('required');
    const proofs = [await proofFor(bound), await proofFor(bound)];
    expect(await outcome(server, `DPoP ${bound}`, [])).toBe('dpop_invalid');
    expect(await outcome(server, `DPoP ${bound}`, proofs)).toBe('dpop_invalid');
    expect(await outcome(server, `DPoP ${bound}`, [proofs.join(', ')])).toBe('dpop_invalid');
  });

  it('is good once: a replay is refused (section 11.1)', async () => {
    const server = serverWith('required');
    const proof = await proofFor(bound);
    expect(await outcome(server, `DPoP ${bound}`, [proof])).toBe('accepted');
    expect(await outcome(server, `DPoP ${bound}`, [proof])).toBe('dpop_invalid');
    const sameId = { claims: { jti: 'chosen' } };
    expect(await outcome(server, `DPoP ${bound}`, [await proofFor(bound, sameId)])).toBe('accepted');
    expect(await outcome(server, `DPoP ${bound}`, [await proofFor(bound, sameId)])).toBe('dpop_invalid');
  });

  it.each([
    `${RESOURCE}?other=1#fragment`,
    'HTTPS://GATEWAY.bank.example:443/base/mcp',
    `${PUBLIC}/x/../mcp`,
    `${PUBLIC}/%6dcp`,
  ])('may write the address in another form of the same: %s (check 9)', async (htu) => {
    const proof = await proofFor(bound, { claims: { htu } });
    expect(await outcome(serverWith('required'), `DPoP ${bound}`, [proof])).toBe('accepted');
  });

  it('may differ by the clock skew', async () => {
    const proof = await proofFor(bound, { claims: { iat: nowSeconds() + SKEW_S - 2 } });
    expect(await outcome(serverWith('required'), `DPoP ${bound}`, [proof])).toBe('accepted');
  });
});

describe('nonces (RFC 9449 section 9)', () => {
  const missing = new CountersignError('dpop_nonce_missing');

  it('are asked for, given with the refusal, and accepted by every replica with the same secret', async () => {
    const [one, other] = [serverWith('required', NONCE_SECRET), serverWith('required', NONCE_SECRET)];
    expect(await outcome(one, `DPoP ${bound}`, [await proofFor(bound)])).toBe('dpop_nonce_missing');
    const { 'dpop-nonce': nonce, 'www-authenticate': challenge } = one.challenge(missing, one.mcp(undefined));
    expect(challenge).toContain('error="use_dpop_nonce"');
    expect(await outcome(other, `DPoP ${bound}`, [await proofFor(bound, { claims: { nonce } })])).toBe(
      'accepted',
    );
  });

  it.each(['', 'made-up', 'A'.repeat(51)])('made up are refused: %j', async (nonce) => {
    const server = serverWith('required', NONCE_SECRET);
    const proof = await proofFor(bound, { claims: { nonce } });
    expect(await outcome(server, `DPoP ${bound}`, [proof])).toBe('dpop_nonce_missing');
  });

  it('of another secret are refused, and a short secret stops the start', async () => {
    const stranger = serverWith('required', 'another secret of another bank');
    const nonce = stranger.challenge(missing, stranger.mcp(undefined))['dpop-nonce'];
    const proof = await proofFor(bound, { claims: { nonce } });
    expect(await outcome(serverWith('required', NONCE_SECRET), `DPoP ${bound}`, [proof])).toBe(
      'dpop_nonce_missing',
    );
    expect(() => serverWith('required', 'short')).toThrow('identity.dpop_nonce');
  });
});

describe('scopes', () => {
  it('of an operation are demanded all at once, and the challenge names them all (step-up)', async () => {
    const server = serverWith('off');
    const head = { method: 'POST', url: '/mcp', rawHeaders: ['Authorization', `Bearer ${bearer}`] };
    const caller = await server.authenticate(head, server.mcp(undefined));
    expect(caller.scopes).toEqual(['mcp']);
    expect(() => server.requireScopes(caller, server.mcp('bank').scopes)).not.toThrow();
    const needed = server.operationScopes('bank', 'write');
    expect(needed).toEqual(['mcp', 'bank.read', 'bank.write']);
    expect(() => server.requireScopes(caller, needed)).toThrow(ScopeMissing);
    const { 'www-authenticate': challenge } = server.challenge(new ScopeMissing(needed), server.mcp('bank'));
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toMatch(/scope="mcp bank\.read bank\.write"/);
  });

  it('a refusal that is not about the token has no challenge', () => {
    const server = serverWith('off');
    expect(server.challenge(new CountersignError('forbidden'), server.rest())).toEqual({});
    expect(server.challenge(new CountersignError('groups_overage'), server.rest())).toEqual({});
  });
});
