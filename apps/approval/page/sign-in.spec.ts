import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DpopMode } from '#identity/protected-resource.js';
import { issuerClient } from './issuer-client.js';
import type { PageAddress } from './page-address.js';
import { sealedValues } from './sealed-values.js';
import { SIGN_IN_S, signIn } from './sign-in.js';

const BASE = 'https://gateway.bank.example';
const ADDRESS: PageAddress = { base: BASE, path: '', isSecure: true };
const CLIENT = 'approval-page';
const NOW_MS = Date.now();

/** An issuer that answers the token request as the test says, and everything else properly. */
const startIssuer = async () => {
  const [right, wrong] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  const asked: URLSearchParams[] = [];
  const proofs: string[] = [];
  let metadata: object = {};
  let revoked = 200;
  let nonce = '';
  let answer: { idToken?: JWTPayload; key?: 'wrong'; over?: object; status?: number; location?: string } = {};
  const server = createServer(async (request, response) => {
    const json = (status: number, body: object, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body));
    if (request.url === '/.well-known/openid-configuration')
      return json(200, {
        issuer: url,
        authorization_endpoint: `${url}/auth`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        authorization_response_iss_parameter_supported: true,
        ...metadata,
      });
    if (request.url === '/jwks')
      return json(200, { keys: [{ ...(await exportJWK(right.publicKey)), kid: 'k', alg: 'RS256' }] });
    proofs.push(String(request.headers['dpop'] ?? ''));
    let form = '';
    for await (const chunk of request) form += String(chunk);
    asked.push(new URLSearchParams(form));
    if (request.url === '/revoke') return json(revoked, {});
    if (nonce !== '' && !JSON.stringify(decodeJwt(proofs.at(-1) ?? '')).includes(nonce))
      return json(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': nonce });
    const { idToken = {}, key, over = {}, status = 200, location } = answer;
    const id_token = await new SignJWT({ aud: CLIENT, iss: url, sub: 'ana', ...idToken })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign((key === 'wrong' ? wrong : right).privateKey);
    const tokens = { access_token: 'access', token_type: 'Bearer', expires_in: 60, id_token, ...over };
    return json(status, tokens, location === undefined ? {} : { location });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    proofs,
    /** What it says that it can, besides. */
    can: (more: (url: string) => object) => {
      metadata = more(url);
    },
    revokesWith: (status: number) => {
      revoked = status;
    },
    asksForNonce: (next: string) => {
      nonce = next;
    },
    answers: (next: typeof answer) => {
      answer = next;
    },
    close: () => server.close(),
  };
};

let issuer: Awaited<ReturnType<typeof startIssuer>>;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());

const clientFor = (dpop: DpopMode = 'off') =>
  issuerClient({
    login: {
      issuer: issuer.url,
      client_id: CLIENT,
      scopes: ['openid'],
      resource: true,
      session_s_max: 3_600,
    },
    allowPlainHttp: true,
    redirectUri: () => `${BASE}/approvals/login/callback`,
    audience: () => BASE,
    dpop,
  });

describe('a sign-in', () => {
  const flow = (secret = 'a secret of more than thirty-two characters', dpop: DpopMode = 'off') =>
    signIn(clientFor(dpop), sealedValues(secret), () => ADDRESS);
  const begin = async (target = 'approval-1') => {
    const { url, cookie } = await flow().begin(target, undefined, NOW_MS);
    const { searchParams } = url;
    const state = searchParams.get('state') ?? '';
    issuer.answers({ idToken: { nonce: searchParams.get('nonce') ?? '' } });
    const query = new URLSearchParams({ code: 'c', state, iss: issuer.url });
    return { searchParams, cookie, state, query, nonce: searchParams.get('nonce') ?? '' };
  };
  const refused = { code: 'login_failed' };

  it('asks for a token for the REST edge with PKCE, state and nonce, and redeems the code with the verifier', async () => {
    const { searchParams, query, cookie } = await begin();
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT,
      code_challenge_method: 'S256',
      resource: BASE,
      redirect_uri: `${BASE}/approvals/login/callback`,
    });
    expect(await flow().finish(query.toString(), cookie, NOW_MS)).toEqual({
      held: { token: 'access' },
      target: 'approval-1',
    });
    expect(Object.fromEntries(issuer.asked.at(-1) ?? [])).toMatchObject({
      grant_type: 'authorization_code',
      code: 'c',
      resource: BASE,
      redirect_uri: `${BASE}/approvals/login/callback`,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('hides the verifier and the nonce from whoever reads the address', async () => {
    const { searchParams, query, cookie, state, nonce } = await begin();
    await flow().finish(query.toString(), cookie, NOW_MS);
    const verifier = issuer.asked.at(-1)?.get('code_verifier') ?? '';
    expect(searchParams.toString()).not.toContain(verifier);
    expect(Buffer.from(state, 'base64url').toString('latin1')).not.toContain(nonce);
  });

  it('ends in the browser in which it began, and in no other', async () => {
    const { query, cookie } = await begin();
    const other = (await begin()).cookie;
    expect(other).not.toBe(cookie);
    await expect(flow().finish(query.toString(), other, NOW_MS)).rejects.toMatchObject(refused);
    await expect(flow().finish(query.toString(), undefined, NOW_MS)).rejects.toMatchObject(refused);
  });

  it.each([
    ['another state', (query: URLSearchParams) => query.set('state', 'other')],
    ['no state', (query: URLSearchParams) => query.delete('state')],
    [
      'a state with one changed letter',
      (query: URLSearchParams) => {
        const state = query.get('state') ?? '';
        query.set('state', `${state.slice(0, 40)}${state[40] === 'A' ? 'B' : 'A'}${state.slice(41)}`);
      },
    ],
    ['two states', (query: URLSearchParams) => query.append('state', 'other')],
    ['no code', (query: URLSearchParams) => query.delete('code')],
    ['two codes', (query: URLSearchParams) => query.append('code', 'other')],
    ['another issuer', (query: URLSearchParams) => query.set('iss', 'https://evil.example')],
    ['no issuer', (query: URLSearchParams) => query.delete('iss')],
    ['an error', (query: URLSearchParams) => query.set('error', 'access_denied')],
  ])('that comes back with %s is refused, and no code is redeemed', async (_, change) => {
    const { query, cookie } = await begin();
    change(query);
    const before = issuer.asked.length;
    await expect(flow().finish(query.toString(), cookie, NOW_MS)).rejects.toMatchObject(refused);
    expect(issuer.asked.length).toBe(before);
  });

  it('of another key, as of another gateway, is refused', async () => {
    const { query, cookie } = await begin();
    const other = flow('another secret of more than 32 characters');
    await expect(other.finish(query.toString(), cookie, NOW_MS)).rejects.toMatchObject(refused);
  });

  it('that took too long is refused, and a moment earlier it is not', async () => {
    const { query, cookie } = await begin();
    const end_ms = NOW_MS + SIGN_IN_S * 1_000;
    await expect(flow().finish(query.toString(), cookie, end_ms)).rejects.toMatchObject(refused);
    await expect(flow().finish(query.toString(), cookie, end_ms - 1)).resolves.toBeDefined();
  });

  it.each([
    ['for another nonce', { idToken: { nonce: 'other' } }],
    ['without a nonce', { idToken: { nonce: undefined as unknown as string } }],
    ['for another client', { idToken: { aud: 'other' } }],
    ['of another issuer', { idToken: { iss: 'https://evil.example' } }],
    ['signed by another key', { key: 'wrong' as const }],
    ['missing', { over: { id_token: undefined } }],
  ])('whose ID token is %s is refused', async (_, answer) => {
    const { query, cookie, nonce } = await begin();
    issuer.answers({ ...answer, idToken: { nonce, ...('idToken' in answer ? answer.idToken : {}) } });
    await expect(flow().finish(query.toString(), cookie, NOW_MS)).rejects.toMatchObject(refused);
  });

  it.each([
    ['refuses the code', { status: 400, over: { error: 'invalid_grant' } }],
    ['gives a token that is no bearer token', { over: { token_type: 'DPoP' } }],
    ['redirects', { status: 307, location: 'https://evil.example/token' }],
    ['answers without end', { over: { padding: 'x'.repeat(600 * 1024) } }],
  ])('at an issuer that %s is refused', async (_, answer) => {
    const { query, cookie, nonce } = await begin();
    issuer.answers({ ...answer, idToken: { nonce } });
    await expect(flow().finish(query.toString(), cookie, NOW_MS)).rejects.toMatchObject(refused);
  });

  it('says nothing of what the issuer wrote', async () => {
    const { query, cookie } = await begin();
    query.set('error', 'access_denied');
    query.set('error_description', 'call 555-0100');
    const error = await flow()
      .finish(query.toString(), cookie, NOW_MS)
      .catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'login_failed', detail: 'access_denied' });
    expect(JSON.stringify(error)).not.toContain('555');
  });

  it.each(['required', 'optional'] as const)(
    'gets a token that is bound to a new key where that is %s, with the nonce of the issuer',
    async (dpop) => {
      issuer.can(() => ({ dpop_signing_alg_values_supported: ['ES256'] }));
      issuer.asksForNonce('n-1');
      const { query, cookie, nonce } = await begin();
      issuer.answers({ idToken: { nonce }, over: { token_type: 'DPoP' } });
      const { held } = await flow(undefined, dpop).finish(query.toString(), cookie, NOW_MS);
      issuer.asksForNonce('');
      issuer.can(() => ({}));
      const { jwk = {} } = decodeProtectedHeader(issuer.proofs.at(-1) ?? '');
      expect(held).toMatchObject({ token: 'access', key: { kty: 'EC', d: expect.any(String) } });
      expect(await calculateJwkThumbprint(held.key ?? {})).toBe(await calculateJwkThumbprint(jwk));
      expect(jwk).not.toHaveProperty('d');
    },
  );

  it('takes a bearer token of an issuer that binds none, unless it must be bound', async () => {
    const { query, cookie } = await begin();
    const optional = await flow(undefined, 'optional').finish(query.toString(), cookie, NOW_MS);
    expect(optional.held).toEqual({ token: 'access' });
    expect(issuer.proofs.at(-1)).toBe('');
    const required = flow(undefined, 'required').finish(query.toString(), cookie, NOW_MS);
    await expect(required).rejects.toMatchObject(refused);
    expect(issuer.proofs.at(-1)).not.toBe('');
  });

  it('leads to an approval or to the inbox, never to an address', async () => {
    for (const target of ['https://evil.example', '//evil.example', '../../x', 'a/b']) {
      const { query, cookie } = await begin(target);
      expect((await flow().finish(query.toString(), cookie, NOW_MS)).target).toBe('');
    }
  });

  it('does not end because another one began in another tab', async () => {
    const first = await begin('approval-1');
    const second = await flow().begin('approval-2', first.cookie, NOW_MS);
    expect(second.cookie).toBe(first.cookie);
    issuer.answers({ idToken: { nonce: first.nonce } });
    expect((await flow().finish(first.query.toString(), first.cookie, NOW_MS)).target).toBe('approval-1');
  });
});

describe('a sign-out', () => {
  const BOTH = (url: string) => ({
    revocation_endpoint: `${url}/revoke`,
    end_session_endpoint: `${url}/end?ui=1`,
  });

  it('ends the token at an issuer that can end tokens, and leads to where people sign out there', async () => {
    issuer.can(BOTH);
    const client = clientFor();
    await client.revoke('access');
    expect(Object.fromEntries(issuer.asked.at(-1) ?? [])).toMatchObject({
      token: 'access',
      token_type_hint: 'access_token',
      client_id: CLIENT,
    });
    // The client and nothing about the person: addresses are kept by browsers and proxies.
    expect((await client.endSessionUrl())?.href).toBe(`${issuer.url}/end?ui=1&client_id=${CLIENT}`);
  });

  it('asks nothing of an issuer that can do neither', async () => {
    issuer.can(() => ({}));
    const before = issuer.asked.length;
    await clientFor().revoke('access');
    expect(await clientFor().endSessionUrl()).toBeUndefined();
    expect(issuer.asked.length).toBe(before);
  });

  it('says so where the issuer did not end the token', async () => {
    issuer.can(BOTH);
    issuer.revokesWith(503);
    await expect(clientFor().revoke('access')).rejects.toMatchObject({ code: 'identity_unavailable' });
  });
});
