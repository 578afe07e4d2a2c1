import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { nowSeconds, sign } from '#identity/issuer.fixture.js';
import { rawPost } from '../../e2e/support/raw.js';
import { pause } from '../../e2e/support/wait-until.js';
import { type Attack, type AttackClass, completed, refused } from '../attack.js';
import { CANARY, type Scene } from '../scene.js';
import { bytes, call, envelope, MODERN, outcomeOf } from '../wire.js';

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'read', arguments: { a: CANARY.argument } },
});
const send = async (scene: Scene, headers: Readonly<Record<string, string | undefined>>, path = 'mcp/old') =>
  outcomeOf(await rawPost(`${scene.base}/${path}`, body, { 'x-canary': CANARY.header, ...headers }));
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const withToken = (
  title: string,
  make: (scene: Scene) => Promise<string> | string,
  code = 'token_invalid',
): Attack => ({
  title,
  send: async (scene) => send(scene, { authorization: `Bearer ${await make(scene)}` }),
  status: 401,
  code,
  trace: refused(code),
});
const claims = (title: string, change: (scene: Scene) => Readonly<Record<string, unknown>>): Attack =>
  withToken(title, (scene) => scene.token('engineer', change(scene)));
const header = (title: string, change: Readonly<Record<string, unknown>>): Attack =>
  withToken(title, async (scene) => {
    const [, text = ''] = (await scene.token('engineer')).split('.');
    return sign(
      scene.key,
      JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>,
      change,
    );
  });
const forged = (
  title: string,
  make: (scene: Scene, parts: readonly [string, string, string]) => string,
): Attack =>
  withToken(title, async (scene) =>
    make(scene, (await scene.token('engineer')).split('.') as unknown as readonly [string, string, string]),
  );
/** A good token in the wrong place. */
const elsewhere = (
  title: string,
  place: (scene: Scene, token: string) => Promise<{ status: number; code: string | undefined; text: string }>,
  status: number,
  code: string,
): Attack => ({
  title,
  send: async (scene) => place(scene, await scene.token('engineer')),
  status,
  code,
  trace: refused(code),
});

export const tokens: AttackClass = {
  number: 10,
  title: 'tokens',
  rule: 'one good token for this very endpoint, in one header, and it goes no further',
  attacks: [
    withToken('garbage', () => 'abc'),
    withToken('an empty token', () => '..'),
    withToken('the text "null"', () => 'null'),
    withToken('20,000 characters', () => 'a'.repeat(12_000)),
    claims('for another endpoint', ({ base }) => ({ aud: `${base}/mcp/new` })),
    claims('for the united endpoint', ({ base }) => ({ aud: `${base}/mcp` })),
    claims('for the address with a slash', ({ base }) => ({ aud: `${base}/mcp/old/` })),
    claims('for nobody', () => ({ aud: undefined })),
    claims('of another issuer signed by this one (mix-up)', ({ system }) => ({ iss: system.issuer.url })),
    claims('of an issuer that is not trusted', () => ({ iss: 'https://evil.example' })),
    claims('not valid yet', () => ({ nbf: nowSeconds() + 600 })),
    claims('bound to a key that is not shown', () => ({ cnf: { jkt: 'A'.repeat(43) } })),
    {
      ...claims('expired', () => ({ exp: nowSeconds() - 1 })),
      code: 'token_expired',
      trace: refused('token_expired'),
    },
    header('with a path for a key id', { kid: '../../../../dev/null' }),
    header('with SQL for a key id', { kid: "' OR 1=1 --" }),
    header('with a key of its own (jwk)', { jwk: { kty: 'oct', k: 'AAAA' } as never, kid: 'other' }),
    header('with the address of its key (jku)', { jku: 'http://169.254.169.254/keys', kid: 'other' }),
    header('of another type', { typ: 'logout+jwt' }),
    forged('unsigned (alg none)', (_scene, [, text]) => `${part({ alg: 'none', typ: 'at+jwt' })}.${text}.`),
    forged('unsigned, in capitals', (_scene, [, text]) => `${part({ alg: 'NONE', typ: 'at+jwt' })}.${text}.`),
    forged('signed with the public key as a secret (HS256)', ({ key }, [, text]) => {
      const pem = createPublicKey({ key: key.jwk as JsonWebKey, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      });
      const head = part({ alg: 'HS256', kid: key.kid, typ: 'at+jwt' });
      const signature = createHmac('sha256', pem).update(`${head}.${text}`).digest('base64url');
      return `${head}.${text}.${signature}`;
    }),
    forged('with other claims behind the signature', (_scene, [head, text, signature]) => {
      const changed = JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
      return `${head}.${part({ ...changed, groups: ['BANK-DATA-MGR'] })}.${signature}`;
    }),
    forged(
      'with two signatures',
      (_scene, [head, text, signature]) => `${head}.${text}.${signature}.${signature}`,
    ),
    forged('with padding', (_scene, [head, text, signature]) => `${head}.${text}.${signature}==`),
    {
      ...withToken('none', () => ''),
      send: (scene) => send(scene, {}),
      code: 'token_missing',
      trace: refused('token_missing'),
    },
    elsewhere(
      'as access_token in the query',
      (scene, token) => send(scene, {}, `mcp/old?access_token=${token}`),
      400,
      'token_in_query',
    ),
    elsewhere(
      'in the query beside a good header',
      (scene, token) => send(scene, { authorization: `Bearer ${token}` }, `mcp/old?access_token=${token}`),
      400,
      'token_in_query',
    ),
    elsewhere(
      'in the query with an escaped name',
      (scene, token) => send(scene, {}, `mcp/old?access%5Ftoken=${token}`),
      400,
      'token_in_query',
    ),
    elsewhere(
      'in a cookie',
      (scene, token) => send(scene, { cookie: `access_token=${token}` }),
      401,
      'token_missing',
    ),
    elsewhere(
      'in X-Forwarded-Authorization',
      (scene, token) => send(scene, { 'x-forwarded-authorization': `Bearer ${token}` }),
      401,
      'token_missing',
    ),
    elsewhere(
      'in Proxy-Authorization',
      (scene, token) => send(scene, { 'proxy-authorization': `Bearer ${token}` }),
      401,
      'token_missing',
    ),
    elsewhere(
      'as a password (Basic)',
      (scene, token) =>
        send(scene, { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` }),
      401,
      'token_missing',
    ),
    elsewhere(
      'in two Authorization headers',
      (scene, token) =>
        bytes(
          scene,
          [
            'POST /mcp/old HTTP/1.1',
            'Host: {host}',
            `Authorization: Bearer ${token}`,
            'Authorization: {authorization}',
            'Content-Type: application/json',
            `Content-Length: ${body.length}`,
          ],
          body,
        ),
      400,
      'token_repeated',
    ),
    {
      title: 'a header that claims to come from the gateway itself (mcp-init-host, router key)',
      send: (scene) =>
        send(scene, {
          'mcp-init-host': 'old',
          'x-router-key': 'secret-api-key',
          'x-forwarded-user': 'engineer',
        }),
      status: 401,
      code: 'token_missing',
      trace: refused('token_missing'),
    },
    {
      title: 'a good token, its cookies and headers go to no upstream (passthrough)',
      send: (scene) =>
        call(
          scene,
          'read',
          {},
          {
            headers: {
              cookie: `s=${CANARY.header}`,
              'x-api-key': CANARY.header,
              baggage: `k=${CANARY.header}`,
            },
          },
        ),
      status: 200,
      trace: completed,
      forwards: 1,
      also: ({ old }) => {
        if (/^(?:authorization|cookie|x-api-key|x-canary|baggage)$/im.test(old.calls.at(-1)?.text ?? ''))
          throw new Error('a header of the caller went through');
      },
    },
    {
      title: 'a stream that outlives its token ends with it',
      send: async (scene) => {
        const token = await scene.token('engineer', { exp: nowSeconds() + 2 });
        const method = 'subscriptions/listen';
        const started = performance.now();
        const answer = await rawPost(
          `${scene.base}/mcp/new`,
          JSON.stringify({
            jsonrpc: '2.0',
            id: 1,
            method,
            params: { notifications: { toolsListChanged: true }, _meta: envelope() },
          }),
          { authorization: `Bearer ${token}`, 'mcp-protocol-version': MODERN, 'mcp-method': method },
        );
        if (performance.now() - started > 5_000) throw new Error('the stream did not end in time');
        await pause(50);
        return send(scene, { authorization: `Bearer ${token}` }).then((after) => ({
          ...after,
          text: answer.text + after.text,
        }));
      },
      status: 401,
      code: 'token_expired',
      trace: refused('token_expired'),
    },
  ],
};
