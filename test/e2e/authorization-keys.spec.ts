import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimsFor, type FixtureKey, makeKey, sign, startIssuer } from '#identity/issuer.fixture.js';
import { expectRefusal, openScene, type Provider, type Scene } from './authorization.fixture.js';
import { REFUSED_MS_MAX } from './support/expect-refused.js';

let scene: Scene;
/** Counts what the gateway fetches where it should not. */
let trap: Provider;
let stranger: FixtureKey;
let serial = 0;
/** A case that breaks or rotates has a provider of its own: how often one is asked again is bounded. */
let unused: Provider[];

const FAULTS: readonly (readonly [string, (provider: Provider) => void])[] = [
  ['answers with errors', ({ state }) => Object.assign(state, { mode: 'error' })],
  ['does not answer', ({ state }) => Object.assign(state, { mode: 'hang' })],
  ['answers byte by byte', ({ state }) => Object.assign(state, { mode: 'drip' })],
  ['redirects elsewhere', ({ state }) => Object.assign(state, { mode: 'redirect' })],
  ['sends a key set without end', ({ state }) => Object.assign(state, { mode: 'endless' })],
  [
    'says that it is another issuer (RFC 8414 section 3.3)',
    ({ state }) => Object.assign(state, { says: trap.url }),
  ],
  ['says its own name with a slash', ({ state, url }) => Object.assign(state, { says: `${url}/` })],
];
const ROTATIONS = 3;

const tokenBy = (key: FixtureKey, { url }: Provider, header: Record<string, unknown> = {}) =>
  // Each is another token, so that none is answered from memory.
  sign(key, claimsFor(url, scene.resource, { jti: `t-${serial++}` }), header);
const statusOf = async (key: FixtureKey, provider: Provider): Promise<number> =>
  (await scene.list(`Bearer ${await tokenBy(key, provider)}`)).status;
const refused = (token: string, status: number, code: string) =>
  expectRefusal(scene, () => scene.list(`Bearer ${token}`), { status, code });
const nextProvider = (): Provider => {
  const provider = unused.shift();
  if (provider === undefined) throw new Error('there are more cases than providers');
  return provider;
};

beforeAll(async () => {
  scene = await openScene(() => ({}), 1 + FAULTS.length + ROTATIONS);
  unused = scene.providers.slice(1);
  stranger = await makeKey('stranger-1');
  trap = await startIssuer([stranger]);
  scene.stage.defer(trap.close);
}, 60_000);
afterAll(() => scene?.stage.close(), 30_000);

describe('keys that a token brings along are not used and not fetched (RFC 8725 section 3.10)', () => {
  it.each<[string, () => Record<string, unknown>]>([
    ['jwk: the key itself', () => ({ jwk: stranger.jwk })],
    ['jku: the address of a key set', () => ({ jku: `${trap.url}/jwks` })],
    ['x5u: the address of a certificate', () => ({ x5u: `${trap.url}/certificate` })],
    ['x5c: a certificate', () => ({ x5c: ['MIIB'] })],
    [
      'all of them, under a key id of the issuer',
      () => ({ jwk: stranger.jwk, jku: `${trap.url}/jwks`, kid: scene.key.kid }),
    ],
  ])('%s', async (_what, header) => {
    await refused(await tokenBy(stranger, scene.provider, header()), 401, 'token_invalid');
    expect(trap.state.jwksRequests).toBe(0);
  });

  it('and an issuer that is not configured is not asked', async () => {
    const token = await sign(stranger, claimsFor(trap.url, scene.resource));
    await refused(token, 401, 'token_invalid');
    expect(trap.state.jwksRequests).toBe(0);
  });
});

describe('when the issuer rotates its keys', () => {
  it('tokens of the new key are accepted at once, and those of the withdrawn key refused', async () => {
    const provider = nextProvider();
    expect(await statusOf(scene.key, provider)).toBe(200);
    const next = await makeKey('next-1', 'ES256');
    provider.state.jwks = [next.jwk];
    expect(await statusOf(next, provider)).toBe(200);
    await refused(await tokenBy(scene.key, provider), 401, 'token_invalid');
    expect(await statusOf(scene.key, scene.provider)).toBe(200);
  });

  it('to another key under the same id, tokens of the old one are refused', async () => {
    const provider = nextProvider();
    expect(await statusOf(scene.key, provider)).toBe(200);
    const [same, other] = await Promise.all([makeKey(scene.key.kid), makeKey('other')]);
    provider.state.jwks = [same.jwk, other.jwk];
    expect(await statusOf(other, provider)).toBe(200);
    expect(await statusOf(same, provider)).toBe(200);
    await refused(await tokenBy(scene.key, provider), 401, 'token_invalid');
  });

  it('a shared secret among them is not used (RFC 8725 section 3.1)', async () => {
    const provider = nextProvider();
    const secret = Buffer.alloc(64, 7);
    const jwk = { kty: 'oct', kid: 'secret', alg: 'HS256', k: secret.toString('base64url') };
    provider.state.jwks = [jwk, scene.key.jwk];
    expect(await statusOf(scene.key, provider)).toBe(200);
    const token = await new SignJWT(claimsFor(provider.url, scene.resource))
      .setProtectedHeader({ alg: 'HS256', kid: 'secret' })
      .sign(secret);
    await refused(token, 401, 'token_invalid');
  });
});

describe('when the keys cannot be had', () => {
  it.each(FAULTS)(
    'because the issuer %s, known keys go on working and unknown ones are 503, in bounded time',
    async (_how, breakIt) => {
      const provider = nextProvider();
      expect(await statusOf(scene.key, provider)).toBe(200);
      breakIt(provider);
      const unknown = await makeKey('unknown-1', 'ES256');
      const answer = await refused(await tokenBy(unknown, provider), 503, 'identity_unavailable');
      expect(answer.elapsed_ms).toBeLessThan(REFUSED_MS_MAX);
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(await statusOf(scene.key, provider)).toBe(200);
    },
  );
});
