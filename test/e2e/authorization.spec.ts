import { createHmac, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimsFor, makeKey, nowSeconds, sign } from '#identity/issuer.fixture.js';
import {
  BANK,
  codeOfRefusal,
  expectRefusal,
  openScene,
  recordText,
  type Scene,
} from './authorization.fixture.js';
import { toolCall } from './support/raw.js';
import { outputOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

/** Stands in every token that is sent here, in clear as long as the token is decoded. */
const CANARY = 'canary-6f1c0d7e';

let scene: Scene;
const sentTokens = new Set<string>();
const bearer = (token: string): string => {
  sentTokens.add(token);
  return `Bearer ${token}`;
};
const authorization = (value: string) => [['Authorization', value]] as const;
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

beforeAll(async () => {
  scene = await openScene(() => ({
    scopes: {
      mcp: ['mcp'],
      servers: { 'core-banking': { read: ['bank.read'], write: ['bank.write'] } },
      implies: { 'bank.admin': ['mcp'] },
    },
  }));
}, 60_000);
afterAll(() => scene?.stage.close(), 30_000);

describe('a token is accepted', () => {
  it('of the real issuer, for the endpoint it was issued for (RFC 8707)', async () => {
    const token = await scene.system.issuer.token('data-engineer', { resources: [scene.resource] });
    expect((await scene.list(bearer(token))).status).toBe(200);
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another issuer that is trusted, too', {}],
    [
      'that names several audiences, ours among them (RFC 9068 section 4)',
      { aud: ['urn:other', 'AUDIENCE'] },
    ],
    ['with clocks that differ by less than the limit (RFC 7519 section 4.1.5)', { nbf: nowSeconds() + 15 }],
    ['with scopes in scp, text (Entra ID)', { scope: undefined, scp: 'mcp other' }],
    ['with scopes in scp, list (Okta)', { scope: undefined, scp: ['mcp'] }],
    ['with a scope that contains the one needed', { scope: 'bank.admin' }],
    ['without groups: no groups, not an error', { groups: undefined }],
  ])('%s', async (_rule, claims) => {
    const { aud } = claims;
    const audience = Array.isArray(aud)
      ? { aud: aud.map((a) => (a === 'AUDIENCE' ? scene.resource : a)) }
      : {};
    const token = await scene.token({ ...claims, ...audience, canary: CANARY });
    expect((await scene.list(bearer(token))).status).toBe(200);
  });
});

describe('a token is refused with 401 invalid_token', () => {
  const claimCases: readonly (readonly [string, () => Record<string, unknown>])[] = [
    [
      'for the united endpoint: each endpoint is a resource of its own (RFC 8707)',
      () => ({ aud: scene.resource.replace(BANK, '/mcp') }),
    ],
    ['for the REST interface (RFC 8707)', () => ({ aud: scene.system.urls.ingress })],
    ['for a prefix of the endpoint (RFC 9068 section 4)', () => ({ aud: scene.resource.slice(0, -1) })],
    ['for the endpoint in another case', () => ({ aud: scene.resource.toUpperCase() })],
    ['for the endpoint with a slash', () => ({ aud: `${scene.resource}/` })],
    ['for another service', () => ({ aud: 'https://other.example' })],
    ['for nobody (RFC 9068 section 2.2)', () => ({ aud: undefined })],
    ['for a list that is none', () => ({ aud: { 0: scene.resource } })],
    ['of an issuer that is not trusted (RFC 9068 section 4)', () => ({ iss: 'https://evil.example' })],
    ['of the issuer with a slash', () => ({ iss: `${scene.provider.url}/` })],
    ['of one issuer signed by another (issuer mix-up)', () => ({ iss: scene.system.issuer.url })],
    ['of no issuer', () => ({ iss: undefined })],
    ['without expiry (RFC 9068 section 2.2)', () => ({ exp: undefined })],
    ['with an expiry that is text', () => ({ exp: String(nowSeconds() + 300) })],
    ['not valid yet (RFC 7519 section 4.1.5)', () => ({ nbf: nowSeconds() + 300 })],
    ['issued in the future (RFC 7519 section 4.1.6)', () => ({ iat: nowSeconds() + 300 })],
    ['without subject (RFC 9068 section 2.2)', () => ({ sub: undefined })],
    ['with a subject that is not text', () => ({ sub: { id: 1 } })],
    ['with groups that are not names', () => ({ groups: [{ name: 'BANK-DATA-ENG' }] })],
    [
      'bound to a key, sent as a bearer token (RFC 9449 section 7.2)',
      () => ({ cnf: { jkt: 'A'.repeat(43) } }),
    ],
    [
      'bound to a certificate that was not shown (RFC 8705 section 3)',
      () => ({ cnf: { 'x5t#S256': 'A'.repeat(43) } }),
    ],
  ];
  it.each(claimCases)('%s', async (_rule, claims) => {
    const token = await scene.token({ ...claims(), canary: CANARY });
    const answer = await expectRefusal(scene, () => scene.list(bearer(token)), {
      status: 401,
      code: 'token_invalid',
    });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
  });

  const headerCases: readonly (readonly [string, Record<string, unknown>])[] = [
    ['of another type: logout+jwt (RFC 8725 section 3.11)', { typ: 'logout+jwt' }],
    ['of another type: a proof (RFC 9449)', { typ: 'dpop+jwt' }],
    ['of another type: an authorization request', { typ: 'oauth-authz-req+jwt' }],
    ['without key id', { kid: undefined }],
    ['with an unknown key id', { kid: 'unknown' }],
    ['with a path for a key id (kid injection)', { kid: '../../../../dev/null' }],
    ['with a URL for a key id (kid injection)', { kid: 'http://127.0.0.1:9/key' }],
    ['with SQL for a key id (kid injection)', { kid: "x' UNION SELECT 'key" }],
    ['with a shell command for a key id (kid injection)', { kid: '|/bin/true' }],
    ['with a name of every object for a key id', { kid: '__proto__' }],
    ['with a NUL in the key id', { kid: 'provider-1\0' }],
    ['with the key id in another case', { kid: 'PROVIDER-1' }],
  ];
  it.each(headerCases)('%s', async (_rule, header) => {
    const token = await scene.token({ canary: CANARY }, header);
    await expectRefusal(scene, () => scene.list(bearer(token)), { status: 401, code: 'token_invalid' });
  });

  const forged: readonly (readonly [string, () => Promise<string>])[] = [
    ...['none', 'None', 'nOnE', ''].map(
      (alg) =>
        [
          `with the algorithm ${JSON.stringify(alg)} (RFC 8725 section 3.1)`,
          async () => `${base64url({ alg, kid: 'provider-1' })}.${(await scene.token()).split('.')[1]}.`,
        ] as const,
    ),
    [
      'signed by HMAC with the public key as PEM: RS256 taken for HS256 (RFC 8725 section 2.1)',
      async () => {
        const pem = createPublicKey({ key: scene.key.jwk as never, format: 'jwk' }).export({
          type: 'spki',
          format: 'pem',
        });
        return hmac(pem.toString());
      },
    ],
    ['signed by HMAC with the public key as JWK', async () => hmac(JSON.stringify(scene.key.jwk))],
    ['signed by HMAC with the empty secret', async () => hmac('')],
    [
      'signed by a stranger under a known key id',
      async () => sign(await makeKey('provider-1'), claimsFor(scene.provider.url, scene.resource)),
    ],
    [
      'signed by a stranger with the algorithm of another family under a known key id',
      async () => sign(await makeKey('provider-1', 'ES256'), claimsFor(scene.provider.url, scene.resource)),
    ],
    ['without its signature', async () => (await scene.token()).split('.').slice(0, 2).join('.').concat('.')],
    [
      'with the signature of another token',
      async () => {
        const [header, claims] = (await scene.token({ sub: 'somebody' })).split('.');
        return `${header}.${claims}.${(await scene.token()).split('.')[2]}`;
      },
    ],
    [
      'with a critical extension nobody knows (RFC 7515 section 4.1.11)',
      async () => {
        const [, claims, signature] = (await scene.token()).split('.');
        return `${base64url({ alg: 'RS256', kid: 'provider-1', crit: ['x'], x: 1 })}.${claims}.${signature}`;
      },
    ],
    ['that is no JWT', async () => 'opaque-token'],
    ['that is a JWE', async () => `${base64url({ alg: 'dir', enc: 'A256GCM' })}..a.b.c`],
    ['with white space in it', async () => `${await scene.token()} x`],
    ['over 16 KB', async () => 'x'.repeat(16 * 1024 + 1)],
  ];
  const hmac = async (secret: string): Promise<string> => {
    const claims = base64url(claimsFor(scene.provider.url, scene.resource));
    const content = `${base64url({ alg: 'HS256', kid: 'provider-1', typ: 'at+jwt' })}.${claims}`;
    return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
  };
  it.each(forged)('%s', async (_rule, make) => {
    const token = await make();
    // Node refuses heads over 16 KB itself.
    if (token.length > 16 * 1024) return expect((await scene.list(bearer(token))).status).toBe(431);
    await expectRefusal(scene, () => scene.list(bearer(token)), { status: 401, code: 'token_invalid' });
  });

  it('expired, to the second and without any tolerance (RFC 9068 section 4)', async () => {
    for (const age_s of [0, 1, 3_600]) {
      const token = await scene.token({ exp: nowSeconds() - age_s, canary: CANARY });
      const answer = await expectRefusal(scene, () => scene.list(bearer(token)), {
        status: 401,
        code: 'token_expired',
      });
      expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    }
  });
});

describe('a token is refused with 403', () => {
  it('insufficient_scope, naming all scopes that are needed (RFC 6750 section 3.1, MCP step-up)', async () => {
    for (const scope of [undefined, 'other', 'MCP', 'mcp2', 'bank.read']) {
      const token = await scene.token({ scope, canary: CANARY });
      const answer = await expectRefusal(scene, () => scene.list(bearer(token)), {
        status: 403,
        code: 'scope_missing',
      });
      const challenge = String(answer.headers['www-authenticate']);
      expect(challenge).toContain('error="insufficient_scope"');
      expect(challenge).toContain('scope="mcp"');
      expect(challenge).toContain(`resource_metadata="${scene.system.urls.ingress}/.well-known/`);
    }
  });

  it('insufficient_scope for a single operation, naming all of its scopes at once; with them it runs (step-up)', async () => {
    const call = async (scope: string, name: string, input: object) => {
      const token = bearer(await scene.token({ scope, canary: CANARY }));
      return scene.send({ headers: authorization(token), body: toolCall(name, input) });
    };
    const update = { customer_id: 'C-1010', fields: { email: 'new@example.com' } };
    const refused = await call('mcp bank.read', 'update_customer', update);
    expect(refused.status).toBe(403);
    expect(codeOfRefusal(refused)).toBe('scope_missing');
    expect(refused.headers['www-authenticate']).toMatch(
      /error="insufficient_scope".*scope="mcp bank\.write"/,
    );
    const denied = (await scene.ledger.events()).filter(({ type }) => type === 'CallDenied');
    expect(denied).toMatchObject([{ data: { code: 'scope_missing' } }]);
    expect((await scene.ledger.events()).filter(({ type }) => type === 'ForwardIntended')).toEqual([]);
    expect((await call('mcp bank.write', 'update_customer', update)).status).toBe(200);
    expect((await call('mcp bank.read', 'get_customer', { customer_id: 'C-1010' })).status).toBe(200);
  });

  it.each<[string, Record<string, unknown>]>([
    [
      '_claim_names',
      { groups: undefined, _claim_names: { groups: 's' }, _claim_sources: { s: { endpoint: 'x' } } },
    ],
    ['hasgroups', { groups: undefined, hasgroups: true }],
  ])('when its groups were left out: an error, never "no groups" (Entra ID, %s)', async (_how, claims) => {
    const token = await scene.token({ ...claims, canary: CANARY });
    await expectRefusal(scene, () => scene.list(bearer(token)), { status: 403, code: 'groups_overage' });
  });
});

describe('a request without a token', () => {
  it.each<[string, string | undefined]>([
    ['has none', undefined],
    ['has another scheme', 'Basic dTpw'],
    ['has the scheme DPoP where it is not in use', 'DPoP abc'],
    ['has a scheme and nothing else', 'Bearer'],
  ])(
    'that %s is told where to get one and for which scopes, without an error (RFC 6750 section 3.1)',
    async (_how, value) => {
      const answer = await expectRefusal(scene, () => scene.list(value), {
        status: 401,
        code: 'token_missing',
      });
      const url = `${scene.system.urls.ingress}/.well-known/oauth-protected-resource${BANK}`;
      expect(answer.headers['www-authenticate']).toBe(`Bearer resource_metadata="${url}", scope="mcp"`);
    },
  );

  it.each<[string, string, readonly string[] | undefined]>([
    ['an MCP endpoint', BANK, ['mcp', 'bank.read', 'bank.write']],
    ['the united endpoint', '/mcp', ['mcp', 'bank.read', 'bank.write']],
    ['the REST interface', '', undefined],
  ])(
    'finds the metadata of %s: a resource of its own (RFC 9728 sections 2 and 3.3)',
    async (_what, path, scopes) => {
      const { ingress } = scene.system.urls;
      const response = await fetch(`${ingress}/.well-known/oauth-protected-resource${path}`);
      expect(response.headers.get('content-type')).toContain('application/json');
      const metadata = (await response.json()) as Record<string, unknown>;
      expect(metadata).toMatchObject({
        resource: ingress + path,
        authorization_servers: [scene.system.issuer.url, scene.provider.url],
        bearer_methods_supported: ['header'],
      });
      expect(metadata['scopes_supported']).toEqual(scopes);
      expect(metadata).not.toHaveProperty('dpop_signing_alg_values_supported');
    },
  );

  it('finds no metadata of a server that does not exist', async () => {
    const url = `${scene.system.urls.ingress}/.well-known/oauth-protected-resource/mcp/nobody`;
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('a token anywhere but in one Authorization header is refused with 400', () => {
  const targets: readonly (readonly [string, string, string])[] = [
    ['access_token at an MCP endpoint (MCP token requirements)', 'POST', `${BANK}?access_token=TOKEN`],
    ['token at an MCP endpoint', 'POST', `${BANK}?a=1&token=TOKEN`],
    ['id_token at the united endpoint', 'POST', '/mcp?id_token=TOKEN'],
    ['an encoded name', 'POST', `${BANK}?access%5Ftoken=TOKEN`],
    ['a name in another case', 'POST', `${BANK}?Access_Token=TOKEN`],
    ['a JWT under any name', 'POST', `${BANK}?cursor=TOKEN`],
    ['access_token at a REST edge (RFC 9700 section 4.3.2)', 'GET', '/ledger/events?access_token=TOKEN'],
    ['a JWT at a REST edge', 'GET', '/ledger/calls?cursor=TOKEN'],
  ];
  it.each(targets)('in the query: %s, also beside a good header', async (_rule, method, target) => {
    const token = await scene.token({ canary: CANARY });
    sentTokens.add(token);
    const path = target.replace('TOKEN', token);
    for (const headers of [[], authorization(`Bearer ${token}`)])
      await expectRefusal(scene, () => scene.send({ method, target: path, headers }), {
        status: 400,
        code: 'token_in_query',
      });
  });

  it.each([
    ['MCP', 'POST', BANK],
    ['REST', 'GET', '/ledger/events'],
  ])(
    'two Authorization headers at the %s edge, even equal ones (RFC 6750 section 2)',
    async (_edge, method, target) => {
      const token = bearer(await scene.token({ canary: CANARY }));
      const headers = [...authorization(token), ...authorization(token)];
      await expectRefusal(scene, () => scene.send({ method, target, headers }), {
        status: 400,
        code: 'token_repeated',
      });
    },
  );

  it('while a token in a form body is no token at all (RFC 6750 section 2.2 is not offered)', async () => {
    const body = `access_token=${await scene.token({ canary: CANARY })}`;
    const headers = [['Content-Type', 'application/x-www-form-urlencoded']] as const;
    await expectRefusal(scene, () => scene.send({ headers, body }), { status: 401, code: 'token_missing' });
  });
});

describe('DNS rebinding (MCP basic/transports, security warning)', () => {
  const cases: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    ['another Host', [['Host', 'evil.example']]],
    ['another Host that ends in a dot', [['Host', 'localhost.']]],
    ['an address that means loopback written in another way', [['Host', '0x7f.1']]],
    [
      'another Host behind X-Forwarded-Host',
      [
        ['Host', 'evil.example'],
        ['X-Forwarded-Host', '127.0.0.1'],
      ],
    ],
    [
      'two Host headers',
      [
        ['Host', '127.0.0.1'],
        ['Host', 'evil.example'],
      ],
    ],
    ['the origin of another site', [['Origin', 'https://evil.example']]],
    ['the origin null', [['Origin', 'null']]],
    ['our host with another port as origin', [['Origin', 'http://127.0.0.1:9']]],
    [
      'two origins',
      [
        ['Origin', 'http://127.0.0.1'],
        ['Origin', 'https://evil.example'],
      ],
    ],
  ];
  const edges = [
    ['MCP', 'POST', BANK],
    ['REST', 'GET', '/ledger/events'],
  ] as const;
  it.each(
    edges.flatMap(([edge, method, target]) =>
      cases.map(([rule, headers]) => [rule, edge, method, target, headers] as const),
    ),
  )(
    '%s is refused at the %s edge before the token is looked at',
    async (_rule, _edge, method, target, headers) => {
      // Two Host headers: the parser of some Node versions refuses them itself.
      const send = () => scene.send({ method, target, headers });
      const answer = await expectRefusal(scene, send, { status: 403, code: 'origin_refused' });
      expect(answer.headers['www-authenticate']).toBeUndefined();
    },
  );

  it('a target in absolute form that names another host is refused (RFC 9112 section 3.2.2)', async () => {
    const target = `http://evil.example${BANK}`;
    await expectRefusal(scene, () => scene.send({ target }), { status: 403, code: 'origin_refused' });
  });

  it('loopback names, the own origin, and any port of the Host are fine', async () => {
    const headers = authorization(bearer(await scene.token()));
    const { origin } = new URL(scene.system.urls.ingress);
    for (const host of ['localhost', 'LOCALHOST:1', '[::1]:8080', '127.0.0.1'])
      expect((await scene.send({ headers: [['Host', host], ...headers] })).status).toBe(200);
    expect((await scene.send({ headers: [['Origin', origin], ...headers] })).status).toBe(200);
  });

  it('a WebSocket is not opened', async () => {
    const upgrade = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ] as const;
    const token = authorization(`Bearer ${await scene.system.issuer.token('examiner')}`);
    const send = () =>
      scene.send({ method: 'GET', target: '/ledger/events', headers: [...upgrade, ...token] });
    await expectRefusal(scene, send, { status: 400, code: 'upgrade_refused' });
  });
});

describe('after all of that', () => {
  it('no token and nothing out of one is on record or in the log', async () => {
    const everything = (await recordText(scene)) + outputOf(scene.system);
    expect(everything).toContain('RequestRefused');
    expect(everything).not.toContain(CANARY);
    expect(sentTokens.size).toBeGreaterThan(50);
    for (const token of sentTokens) {
      const parts = token.split('.').filter((part) => part.length > 20);
      expect(parts.some((part) => everything.includes(part))).toBe(false);
    }
  });

  it('the gateway is well', async () => {
    const token = await scene.token();
    await waitUntil('an answer', async () => (await scene.list(bearer(token))).status === 200);
  });
});
