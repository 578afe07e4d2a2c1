import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AuthServer,
  startAuthServer,
  startResource,
} from '../../libs/upstream-auth/oauth-world.fixture.js';
import { demoPolicy } from './support/policies.js';
import { type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { DIST } from './support/system.js';

const CLI = join(DIST, 'apps', 'cli', 'main.js');
let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
let issuer: AuthServer;
let operator: string;
let analyst: string;

beforeAll(async () => {
  stage = await openStage();
  issuer = await startAuthServer();
  stage.defer(issuer.close);
  const resource = await startResource(issuer);
  stage.defer(resource.close);
  const upstream = { transport: 'http', url: resource.mcp };
  system = await startPrivate(stage, {
    policy: demoPolicy(),
    upstreams: [
      { ...upstream, name: 'payments', auth: { type: 'authorization_code', consent: 'shared' } },
      { ...upstream, name: 'mail', auth: { type: 'authorization_code', consent: 'per_caller' } },
      { ...upstream, name: 'open' },
    ],
  });
  ledger = await examiner(system);
  operator = await system.issuer.token('operator');
  analyst = await system.issuer.token('risk-analyst');
}, 60_000);
afterAll(() => stage.close(), 30_000);

const rest = async (method: string, path: string, token: string, body?: object) => {
  const answer = await fetch(system.urls.ingress + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const page = async (url: string, cookie = '') => {
  const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
  const own = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
  return { status: answer.status, headers: answer.headers, text: await answer.text(), cookie: own };
};
const link = async (name: string, token: string, body = {}): Promise<string> => {
  const answer = await rest('POST', `/upstreams/${name}/authorize`, token, body);
  expect(answer.status).toBe(200);
  return String(answer.body['url']);
};
/** From the link to the address the authorization server sends the browser back to. */
const goThere = async (url: string) => {
  const { cookie } = await page(url);
  const onward = await page(`${url}&continue=1`, cookie);
  expect(onward.status).toBe(302);
  const back = await page(onward.headers.get('location') ?? '');
  return { back: back.headers.get('location') ?? '', cookie };
};
const stateOf = async (name: string) => {
  const { body } = await rest('GET', '/upstreams', operator);
  return (body['items'] as { name: string; state: string }[]).find((item) => item.name === name)?.state;
};
const consentEvents = async () =>
  (await ledger.events()).filter(({ stream }) => stream.startsWith('consent-'));
const cli = async (...words: string[]) => {
  const env = { PATH: process.env['PATH'] ?? '', COUNTERSIGN_TOKEN: operator };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CLI, 'upstreams', ...words, '--server', system.urls.ingress],
    { env },
  );
  return stdout;
};

describe('a consent at an upstream server', () => {
  it('is given by an operator in a browser, shown, recorded, sealed, and ended', async () => {
    expect(await stateOf('payments')).toBe('needs_consent');
    const url = await link('payments', operator);
    const { back, cookie } = await goThere(url);
    const done = await page(back, cookie);
    expect({ status: done.status, text: done.text }).toMatchObject({
      status: 200,
      text: expect.stringContaining('connected to payments') as string,
    });
    expect(await stateOf('payments')).toBe('connected');
    const revoked = await rest('DELETE', '/upstreams/payments/authorization', operator);
    expect(revoked).toEqual({ status: 200, body: { name: 'payments', state: 'needs_consent' } });
    expect(await stateOf('payments')).toBe('needs_consent');
    const [first] = await consentEvents();
    const events = (await consentEvents()).filter(({ stream }) => stream === first?.stream);
    expect(events.map(({ type }) => type)).toEqual([
      'UpstreamConsentRequested',
      'UpstreamConsentGranted',
      'UpstreamConsentRevoked',
    ]);
    const tokens = [...issuer.valid.keys(), ...issuer.revoked, new URL(url).searchParams.get('link') ?? ''];
    expect(tokens.length).toBeGreaterThan(2);
    const log = JSON.stringify(await ledger.events());
    const folder = join(system.data, 'keys', 'upstreams');
    const stored = await Promise.all(
      (await readdir(folder)).map((file) => readFile(join(folder, file), 'latin1')),
    );
    for (const token of tokens) expect(log + stored.join()).not.toContain(token);
  });

  it('shows pages that nothing can be loaded into, framed or kept, and a cookie for this origin only', async () => {
    const shown = await page(await link('payments', operator));
    expect(shown.status).toBe(200);
    expect(shown.text).toContain('operator has asked for this link');
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'") as string,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(shown.headers.get('set-cookie')).toMatch(
      /^__Host-countersign-consent=[\w-]{43}; Path=\/; Max-Age=900; Secure; HttpOnly; SameSite=Lax$/,
    );
  });

  it('cannot be finished by another browser, twice, or with parameters that come twice; each is on record', async () => {
    const { back, cookie } = await goThere(await link('payments', operator));
    const before = (await ledger.events()).length;
    expect((await page(`${back}&code=other`, cookie)).status).toBe(400);
    expect((await page(back)).status).toBe(400);
    expect((await page(back, cookie)).status).toBe(400);
    expect((await page(`${system.urls.ingress}/upstreams/callback`)).status).toBe(400);
    const refused = (await ledger.events())
      .slice(before)
      .filter(({ type }) => type !== 'LedgerRead')
      .map(({ type, data }) => [type, data['where'] ?? data['reason']]);
    expect(refused).toEqual([
      ['RequestRefused', 'upstreams'],
      ['UpstreamConsentRefused', 'other_browser'],
      ['RequestRefused', 'upstreams'],
      ['RequestRefused', 'upstreams'],
      ['RequestRefused', 'upstreams'],
    ]);
    expect(await stateOf('payments')).toBe('needs_consent');
  });

  it('is the operator’s for all, and each caller’s own where the configuration says so', async () => {
    for (const [method, path] of [
      ['GET', '/upstreams'],
      ['POST', '/upstreams/payments/authorize'],
      ['DELETE', '/upstreams/payments/authorization'],
      ['DELETE', '/upstreams/mail/authorization?for=gateway'],
    ] as const)
      expect(await rest(method, path, analyst, method === 'POST' ? {} : undefined)).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    expect(await rest('POST', '/upstreams/mail/authorize', analyst, { for: 'gateway' })).toMatchObject({
      status: 403,
    });
    const { back, cookie } = await goThere(await link('mail', analyst));
    expect((await page(back, cookie)).status).toBe(200);
    expect((await consentEvents()).at(-1)).toMatchObject({
      type: 'UpstreamConsentGranted',
      data: { upstream: 'mail', owner: 'caller' },
    });
    expect(await stateOf('mail')).toBe('needs_consent');
    expect(await rest('DELETE', '/upstreams/mail/authorization', operator)).toMatchObject({ status: 404 });
    expect(await rest('DELETE', '/upstreams/mail/authorization', analyst)).toMatchObject({ status: 200 });
  });

  it('is not taken by servers that want none, or that do not exist', async () => {
    for (const name of ['open', 'nowhere'])
      expect(await rest('POST', `/upstreams/${name}/authorize`, operator, {})).toMatchObject({ status: 404 });
    expect(await rest('POST', '/upstreams/payments/authorize', operator, { for: 'all' })).toMatchObject({
      status: 400,
    });
  });

  it('can be asked for on the command line', async () => {
    expect(await cli()).toMatch(/^payments +authorization_code +needs_consent/m);
    const { url } = JSON.parse(await cli('authorize', 'payments', '--json')) as { url: string };
    const { back, cookie } = await goThere(url);
    await page(back, cookie);
    expect(await cli('list')).toMatch(/^payments +authorization_code +connected +operator +renews itself/m);
    expect(await cli('disconnect', 'payments')).toContain('disconnected');
    await expect(cli('disconnect', 'payments')).rejects.toMatchObject({ code: 2 });
    await expect(cli('authorize')).rejects.toMatchObject({ code: 2 });
  });

  it('is asked for in the name of a client that anybody can look up', async () => {
    const answer = await fetch(`${system.urls.ingress}/.well-known/oauth-client.json`);
    expect(await answer.json()).toMatchObject({
      client_id: `${system.urls.ingress}/.well-known/oauth-client.json`,
      redirect_uris: [`${system.urls.ingress}/upstreams/callback`],
      token_endpoint_auth_method: 'none',
    });
  });
});
