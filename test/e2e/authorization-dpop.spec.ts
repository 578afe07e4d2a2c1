import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FixtureKey, makeKey, nowSeconds } from '#identity/issuer.fixture.js';
import {
  BANK,
  codeOfRefusal,
  expectRefusal,
  openScene,
  recordText,
  refusalCounts,
  type Scene,
} from './authorization.fixture.js';
import type { RawAnswer } from './support/raw.js';
import { outputOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

let scene: Scene;
let client: FixtureKey;
let thief: FixtureKey;
let token: string;
let nonce: string;
let serial = 0;
const proofs = new Set<string>();

const publicJwk = ({ jwk: { kid: _kid, use: _use, ...jwk } }: FixtureKey): JWK => jwk;
const proof = async (
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key = client,
) => {
  const made = await new SignJWT({
    jti: `proof-${serial++}`,
    iat: nowSeconds(),
    htm: 'POST',
    htu: scene.resource,
    ath: createHash('sha256').update(token).digest('base64url'),
    nonce,
    ...claims,
  })
    .setProtectedHeader({ alg: key.alg, typ: 'dpop+jwt', jwk: publicJwk(key), ...header })
    .sign(key.privateKey);
  proofs.add(made);
  return made;
};
const send = (made: readonly string[], scheme = 'DPoP', sent = token, target = BANK): Promise<RawAnswer> =>
  scene.send({
    target,
    headers: [['Authorization', `${scheme} ${sent}`], ...made.map((text) => ['DPoP', text] as const)],
  });

beforeAll(async () => {
  scene = await openScene(async (folder) => {
    const file = join(folder, 'dpop-nonce');
    await writeFile(file, 'a secret that all replicas share\n');
    return { dpop: 'optional', dpop_nonce: { file } };
  });
  [client, thief] = await Promise.all([makeKey('client', 'ES256'), makeKey('thief', 'ES256')]);
  token = await scene.token({ cnf: { jkt: await calculateJwkThumbprint(publicJwk(client)) } });
  nonce = '';
}, 60_000);
afterAll(() => scene?.stage.close(), 30_000);

describe('a gateway that takes tokens bound to a key (RFC 9449)', () => {
  it('says so in its metadata and challenges (sections 5.1 and 7.1)', async () => {
    const url = `${scene.system.urls.ingress}/.well-known/oauth-protected-resource${BANK}`;
    const metadata = (await (await fetch(url)).json()) as Record<string, unknown>;
    expect(metadata['dpop_signing_alg_values_supported']).toContain('ES256');
    expect(metadata).not.toHaveProperty('dpop_bound_access_tokens_required');
    const answer = await expectRefusal(scene, () => scene.list(), { status: 401, code: 'token_missing' });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer .*, DPoP .*algs="ES256 /);
  });

  it('asks for a nonce and gives it (section 9)', async () => {
    const made = await proof({ nonce: undefined });
    const answer = await expectRefusal(scene, () => send([made]), {
      status: 401,
      code: 'dpop_nonce_missing',
    });
    expect(answer.headers['www-authenticate']).toContain('error="use_dpop_nonce"');
    nonce = String(answer.headers['dpop-nonce']);
    expect((await send([await proof()])).status).toBe(200);
  });

  it('goes on taking bearer tokens that are bound to nothing', async () => {
    expect((await scene.list(`Bearer ${await scene.token()}`)).status).toBe(200);
  });

  it('keeps one key good for many calls, one proof each', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, async () => send([await proof()])));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  });
});

describe('a stolen token', () => {
  const invalid = { status: 401, code: 'dpop_invalid' };

  it('is worth nothing as a bearer token (section 7.2)', async () => {
    for (const made of [[], [await proof()]])
      await expectRefusal(scene, () => send(made, 'Bearer'), { status: 401, code: 'token_invalid' });
  });

  it('is worth nothing with the proof that came with it: a replay (section 11.1)', async () => {
    const made = await proof();
    expect((await send([made])).status).toBe(200);
    const answer = await expectRefusal(scene, () => send([made]), invalid);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_dpop_proof"');
  });

  it('is used once when the same proof comes many times at once', async () => {
    const made = await proof();
    const before = (await refusalCounts(scene.ledger)).get('dpop_invalid') ?? 0;
    const answers = await Promise.all(Array.from({ length: 20 }, () => send([made])));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const others = answers.filter(({ status }) => status !== 200);
    expect(new Set(others.map(codeOfRefusal))).toEqual(new Set(['dpop_invalid']));
    await waitUntil('their record', async () => {
      return (await refusalCounts(scene.ledger)).get('dpop_invalid') === before + others.length;
    });
  });

  it.each<[string, () => Promise<readonly string[]>]>([
    ['without a proof', async () => []],
    ['with two proofs (section 4.3, check 1)', async () => [await proof(), await proof()]],
    ['with a proof by the thief’s key (check 12)', async () => [await proof({}, {}, thief)]],
    [
      'with the thief’s proof that shows the owner’s key',
      async () => [await proof({}, { jwk: publicJwk(client) }, thief)],
    ],
    ['with a proof for another method (check 8)', async () => [await proof({ htm: 'GET' })]],
    [
      'with a proof for another endpoint (check 9)',
      async () => [await proof({ htu: `${scene.system.urls.ingress}/mcp` })],
    ],
    ['with a proof for another host', async () => [await proof({ htu: `https://evil.example${BANK}` })]],
    ['with an old proof (check 11)', async () => [await proof({ iat: nowSeconds() - 600 })]],
    ['with a proof from the future', async () => [await proof({ iat: nowSeconds() + 600 })]],
    ['with a proof for another token (check 12)', async () => [await proof({ ath: 'A'.repeat(43) })]],
    ['with a proof for no token', async () => [await proof({ ath: undefined })]],
    ['with a proof without id (check 3)', async () => [await proof({ jti: undefined })]],
    ['with a proof that is another kind of JWT (check 4)', async () => [await proof({}, { typ: 'JWT' })]],
    ['with something that is no JWT', async () => ['proof']],
  ])('is refused %s', async (_how, make) => {
    const made = await make();
    await expectRefusal(scene, () => send(made), invalid);
  });

  it('with a made-up nonce is asked for a real one', async () => {
    const made = await proof({ nonce: 'made-up' });
    await expectRefusal(scene, () => send([made]), { status: 401, code: 'dpop_nonce_missing' });
  });
});

describe('a bearer token', () => {
  it('does not become bound by the scheme DPoP', async () => {
    const plain = await scene.token();
    const ath = createHash('sha256').update(plain).digest('base64url');
    const made = [await proof({ ath })];
    await expectRefusal(scene, () => send(made, 'DPoP', plain), { status: 401, code: 'token_invalid' });
  });
});

describe('after all of that', () => {
  it('no proof and no token is on record or in the log', async () => {
    const everything = (await recordText(scene)) + outputOf(scene.system);
    for (const text of [...proofs, token])
      for (const part of text.split('.').slice(1)) expect(everything.includes(part)).toBe(false);
  });
});
