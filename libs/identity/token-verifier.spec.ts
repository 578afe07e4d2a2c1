import { exportSPKI, importJWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CountersignError } from '#core/errors.js';
import type { IdentityOptions } from './identity-options.js';
import { claimsFor, type FixtureKey, makeKey, nowSeconds, sign, startIssuer } from './issuer.fixture.js';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.js';

const AUDIENCE = 'http://127.0.0.1:8080/mcp';
let rsa: FixtureKey;
let ec: FixtureKey;
let stranger: FixtureKey;
let issuer: Awaited<ReturnType<typeof startIssuer>>;
let verifier: TokenVerifier;

const optionsFor = (url: string, changes: Partial<IdentityOptions> = {}): IdentityOptions => ({
  issuers: [{ issuer: url, groups_claim: 'groups', principal_claim: 'preferred_username' }],
  algorithms: ['RS256', 'ES256', 'PS256'],
  clock_skew_s: 30,
  token_cache_max: 100,
  ...changes,
});

const token = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = rsa) =>
  sign(key, claimsFor(issuer.url, AUDIENCE, changes), header);

/** The error of a verification, or the string "accepted". */
const refusal = async (
  text: string,
  audience = AUDIENCE,
  by = verifier,
): Promise<CountersignError | 'accepted'> =>
  by.verify(text, audience).then(
    () => 'accepted' as const,
    (error: unknown) => {
      if (error instanceof CountersignError) return error;
      throw error;
    },
  );
const refusalCode = async (text: string, audience?: string): Promise<string> => {
  const outcome = await refusal(text, audience);
  return outcome === 'accepted' ? outcome : outcome.code;
};

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

beforeAll(async () => {
  [rsa, ec, stranger] = await Promise.all([makeKey('rsa-1'), makeKey('ec-1', 'ES256'), makeKey('rsa-1')]);
});
beforeEach(async () => {
  issuer = await startIssuer([rsa, ec]);
  verifier = createTokenVerifier(optionsFor(issuer.url));
});
afterEach(async () => {
  vi.useRealTimers();
  await issuer.close();
});
afterAll(() => vi.restoreAllMocks());

describe('a good token', () => {
  it('becomes a caller with issuer, subject, principal, client, groups and expiry', async () => {
    const exp = nowSeconds() + 60;
    const caller = await verifier.verify(
      await token({ exp, acr: 'mfa', scope: 'mcp', nickname: 'x' }),
      AUDIENCE,
    );
    expect(caller).toEqual({
      issuer: issuer.url,
      subject: 'u-17',
      principal: 'risk-analyst',
      clientId: 'agent-1',
      groups: ['BANK-RISK-ANALYST'],
      scopes: ['mcp'],
      claims: { acr: 'mfa', scope: 'mcp' },
      expiresAt: exp,
      isMachine: false,
    });
    expect(Object.isFrozen(caller) && Object.isFrozen(caller.groups) && Object.isFrozen(caller.claims)).toBe(
      true,
    );
  });

  it('may be signed with ES256 or PS256 and may name several audiences', async () => {
    const pss = await makeKey('pss-1', 'PS256');
    issuer.state.jwks.push(pss.jwk);
    expect(await refusal(await token({}, {}, ec))).toBe('accepted');
    expect(await refusal(await token({ aud: ['https://other.example', AUDIENCE] }, {}, pss))).toBe(
      'accepted',
    );
  });

  it('may be of type at+jwt, application/at+jwt, JWT or untyped', async () => {
    for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT', 'JWT', undefined]) {
      expect(await refusal(await token({}, { typ }))).toBe('accepted');
    }
  });

  it('without groups has no groups and without a user name is known by its subject', async () => {
    const caller = await verifier.verify(
      await token({ groups: undefined, preferred_username: undefined }),
      AUDIENCE,
    );
    expect(caller.groups).toEqual([]);
    expect(caller.principal).toBe('u-17');
  });
});

describe('several issuers', () => {
  it('with the same key id each vouch only for their own tokens (iss mix-up)', async () => {
    const other = await startIssuer([stranger]);
    try {
      const options = optionsFor(issuer.url);
      const both = createTokenVerifier({
        ...options,
        issuers: [...options.issuers, ...optionsFor(other.url).issuers],
      });
      const by = (key: FixtureKey, iss: string) => sign(key, claimsFor(iss, AUDIENCE));
      expect(stranger.kid).toBe(rsa.kid);
      expect((await both.verify(await by(rsa, issuer.url), AUDIENCE)).issuer).toBe(issuer.url);
      expect((await both.verify(await by(stranger, other.url), AUDIENCE)).issuer).toBe(other.url);
      for (const mixed of [await by(rsa, other.url), await by(stranger, issuer.url)])
        expect(await refusal(mixed, AUDIENCE, both)).toMatchObject({ code: 'token_invalid' });
    } finally {
      await other.close();
    }
  });

  it('that cannot name the endpoint may have further audiences, which count for no other issuer', async () => {
    const other = await startIssuer([stranger]);
    try {
      const options = optionsFor(issuer.url);
      const [withAudience] = options.issuers;
      const both = createTokenVerifier({
        ...options,
        issuers: [
          { ...withAudience, audiences: ['api://gateway'] } as (typeof options.issuers)[number],
          ...optionsFor(other.url).issuers,
        ],
      });
      const aud = 'api://gateway';
      expect(await refusal(await token({ aud }), AUDIENCE, both)).toBe('accepted');
      expect(await refusal(await token(), AUDIENCE, both)).toBe('accepted');
      expect(await refusal(await token({ aud: 'api://gateway2' }), AUDIENCE, both)).toMatchObject({
        code: 'token_invalid',
      });
      const foreign = await sign(stranger, claimsFor(other.url, aud));
      expect(await refusal(foreign, AUDIENCE, both)).toMatchObject({ code: 'token_invalid' });
    } finally {
      await other.close();
    }
  });
});

describe('a token is refused', () => {
  const cases: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>])[] = [
    ['for another audience', { aud: 'http://127.0.0.1:8080/mcp/warehouse' }, {}],
    ['for a prefix of the audience', { aud: 'http://127.0.0.1:8080/mc' }, {}],
    ['for the audience with a slash', { aud: `${AUDIENCE}/` }, {}],
    ['without audience', { aud: undefined }, {}],
    ['of an issuer that is not configured', { iss: 'https://other.example' }, {}],
    ['of the issuer with a slash', { iss: 'SLASH' }, {}],
    ['without issuer', { iss: undefined }, {}],
    ['without expiry', { exp: undefined }, {}],
    ['with an expiry that is text', { exp: '9999999999' }, {}],
    ['not valid before a time beyond the skew', { nbf: nowSeconds() + 600 }, {}],
    ['issued in the future beyond the skew', { iat: nowSeconds() + 600 }, {}],
    ['without subject', { sub: undefined }, {}],
    ['with a subject that is not text', { sub: 17 }, {}],
    ['with a line break in the principal', { preferred_username: 'a\nlevel=error' }, {}],
    ['with groups that are not names', { groups: [{ name: 'x' }] }, {}],

    ['bound to a key, sent as a bearer token', { cnf: { jkt: 'x' } }, {}],
    ['of another type', {}, { typ: 'logout+jwt' }],
    ['without key id', {}, { kid: undefined }],
    ['with a path as key id', {}, { kid: '../../../../dev/null' }],
    ['with a URL as key id', {}, { kid: 'http://127.0.0.1:9/key' }],
    ['with a prototype name as key id', {}, { kid: '__proto__' }],
    ['with an SQL quote as key id', {}, { kid: "' OR 1=1 --" }],
  ];
  it.each(cases)('%s', async (_name, changes, header) => {
    const iss = changes['iss'] === 'SLASH' ? { iss: `${issuer.url}/` } : {};
    expect(await refusalCode(await token({ ...changes, ...iss }, header))).toBe('token_invalid');
  });

  it.each([
    ['_claim_names', { groups: undefined, _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } }],
    ['hasgroups', { groups: undefined, hasgroups: true }],
  ])(
    'as "too many groups", never as "no groups", when its groups are elsewhere (%s)',
    async (_name, changes) => {
      expect(await refusalCode(await token(changes))).toBe('groups_overage');
    },
  );

  it('when it has expired, without any tolerance', async () => {
    expect(await refusalCode(await token({ exp: nowSeconds() }))).toBe('token_expired');
    expect(await refusalCode(await token({ exp: nowSeconds() - 3600 }))).toBe('token_expired');
  });

  it('but not for a small difference of the clocks in nbf and iat', async () => {
    expect(await refusal(await token({ nbf: nowSeconds() + 20, iat: nowSeconds() + 20 }))).toBe('accepted');
  });

  it('with alg none, however it is written and whether or not a signature follows', async () => {
    const payload = base64url(claimsFor(issuer.url, AUDIENCE));
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = base64url({ alg, kid: 'rsa-1', typ: 'at+jwt' });
      expect(await refusalCode(`${header}.${payload}.`)).toBe('token_invalid');
      expect(await refusalCode(`${header}.${payload}.AAAA`)).toBe('token_invalid');
    }
  });

  it('signed by HMAC with the public key as secret', async () => {
    const publicKey = await importJWK(rsa.jwk, 'RS256', { extractable: true });
    const pem = await exportSPKI(publicKey as FixtureKey['privateKey']);
    const { createHmac } = await import('node:crypto');
    const content = `${base64url({ alg: 'HS256', kid: 'rsa-1', typ: 'at+jwt' })}.${base64url(claimsFor(issuer.url, AUDIENCE))}`;
    for (const secret of [pem, pem.trim(), JSON.stringify(rsa.jwk)]) {
      const signature = createHmac('sha256', secret).update(content).digest('base64url');
      expect(await refusalCode(`${content}.${signature}`)).toBe('token_invalid');
    }
  });

  it('signed by a stranger who uses a known key id, or who brings a key along', async () => {
    expect(await refusalCode(await token({}, {}, stranger))).toBe('token_invalid');
    const brought = { jwk: stranger.jwk, jku: `${issuer.url}/jwks`, x5u: `${issuer.url}/jwks` };
    expect(await refusalCode(await token({}, brought as Record<string, unknown>, stranger))).toBe(
      'token_invalid',
    );
  });

  it('with the key of one algorithm named for another', async () => {
    expect(await refusalCode(await token({}, { kid: 'ec-1' }))).toBe('token_invalid');
    const sameKeyAsPss = { ...rsa, alg: 'PS256', privateKey: (await makeKey('x', 'PS256')).privateKey };
    expect(await refusalCode(await token({}, { kid: 'rsa-1' }, sameKeyAsPss))).toBe('token_invalid');
  });

  it('with an algorithm outside the list although the issuer has such a key', async () => {
    const rs512 = await makeKey('rs512', 'RS512');
    issuer.state.jwks.push(rs512.jwk);
    expect(await refusalCode(await token({}, {}, rs512))).toBe('token_invalid');
  });

  it('with an unknown critical extension', async () => {
    const header = base64url({ alg: 'RS256', kid: 'rsa-1', crit: ['b64'], b64: false });
    const [, payload, signature] = (await token()).split('.');
    expect(await refusalCode(`${header}.${payload}.${signature}`)).toBe('token_invalid');
  });

  it('when it is no compact JWT or is over 16 KB', async () => {
    for (const text of [
      '',
      '.',
      '..',
      'a.b',
      'a.b.c.d',
      'x'.repeat(20),
      `${await token()}.`,
      ` ${await token()}`,
    ]) {
      expect(await refusalCode(text)).toBe('token_invalid');
    }
    expect(await refusalCode(await token({ filler: 'x'.repeat(17_000) }))).toBe('token_invalid');
  });

  it('in each of 500 mutations, before and after the original was accepted', async () => {
    const good = await token();
    // The alphabet first: each mutation is another text that could still be a token.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=';
    const mutant = (i: number): string => {
      const at = (i * 7919) % good.length;
      const other =
        alphabet[(alphabet.indexOf(good[at] ?? '') + 1 + (i % (alphabet.length - 1))) % alphabet.length];
      return good.slice(0, at) + other + good.slice(at + 1);
    };
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 500; i++) {
      if (i === 250) expect(await refusal(good)).toBe('accepted');
      const code = await refusalCode(i % 2 === 0 ? mutant(i) : mutant(good.length + i));
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
    }
    expect([...outcomes.keys()]).toEqual(['token_invalid']);
    expect(outcomes.get('token_invalid')).toBe(500);
  });

  it('when the spare bits at the end of its signature are changed', async () => {
    const good = await token();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const sibling = alphabet[alphabet.indexOf(good.at(-1) ?? '') ^ 1];
    expect(Buffer.from(`${good.split('.')[2]?.slice(0, -1)}${sibling}`, 'base64url')).toEqual(
      Buffer.from(good.split('.')[2] ?? '', 'base64url'),
    );
    expect(await refusalCode(good.slice(0, -1) + sibling)).toBe('token_invalid');
  });

  it('without a word of it in the error', async () => {
    const text = await token({ aud: 'https://secret-audience.example', sub: 'secret-subject' });
    const error = await refusal(text);
    const said = error === 'accepted' ? '' : `${error.message}${error.stack}${error.detail}`;
    expect(said).not.toBe('');
    for (const word of ['secret-audience', 'secret-subject', ...text.split('.')])
      expect(said).not.toContain(word);
  });
});

describe('the token cache', () => {
  it('answers a second time with the same caller and without asking for keys', async () => {
    const text = await token();
    const first = await verifier.verify(text, AUDIENCE);
    const asked = issuer.state.jwksRequests;
    expect(await verifier.verify(text, AUDIENCE)).toBe(first);
    expect(issuer.state.jwksRequests).toBe(asked);
  });

  it('does not let a token verified for one audience pass for another', async () => {
    const text = await token();
    expect(await refusal(text)).toBe('accepted');
    expect(await refusalCode(text, 'http://127.0.0.1:8080/mcp/warehouse')).toBe('token_invalid');
  });

  it('never outlives the expiry', async () => {
    const text = await token({ exp: nowSeconds() + 60 });
    expect(await refusal(text)).toBe('accepted');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    expect(await refusalCode(text)).toBe('token_expired');
  });

  it('is emptied when the keys of the issuer change', async () => {
    const text = await token();
    expect(await refusal(text)).toBe('accepted');
    const next = await makeKey('rsa-2');
    issuer.state.jwks = [next.jwk];
    expect(await refusal(await token({}, {}, next))).toBe('accepted');
    expect(await refusalCode(text)).toBe('token_invalid');
  });

  it('makes a token seen before at least five times cheaper', async () => {
    const text = await token();
    const cost = async (by: TokenVerifier): Promise<number> => {
      let best_ns = Number.POSITIVE_INFINITY;
      // The best of many short runs: other programs on the machine can only make a run slower.
      for (let run = 0; run < 20; run++) {
        const started = process.hrtime.bigint();
        for (let i = 0; i < 20; i++) await by.verify(text, AUDIENCE);
        best_ns = Math.min(best_ns, Number(process.hrtime.bigint() - started));
      }
      return best_ns;
    };
    const without = createTokenVerifier(optionsFor(issuer.url, { token_cache_max: 0 }));
    expect((await cost(without)) / (await cost(verifier))).toBeGreaterThan(5);
  });
});
