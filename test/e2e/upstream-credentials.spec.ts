import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthServer, startAuthServer } from '../../libs/upstream-auth/oauth-world.fixture.js';
import { type ProtectedServer, startProtectedServer } from './support/protected-server.js';
import { codeOf, frameOf, rawPost, rpc, toolCall } from './support/raw.js';
import { type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { outputOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const POLICY = `policy: 1
name: credentials
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  risk-analyst: { groups: [BANK-RISK-ANALYST] }
  examiner: { groups: [BANK-EXAMINER] }
  operator: { groups: [BANK-OPERATIONS] }
operations:
  work: { kind: read, tools: [exchange/work, jag/work, consent/work, shared/work] }
rules:
  - { id: U-1, says: Both work., roles: [data-engineer, risk-analyst], allow: [work] }
tests:
  - { as: data-engineer, call: exchange/work, args: {}, expect: allow U-1 }
`;

let stage: Stage;
let system: PrivateSystem;
let issuer: AuthServer;
let servers: Readonly<Record<'exchange' | 'jag' | 'consent' | 'shared', ProtectedServer>>;
let ledger: Examiner;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  stage = await openStage();
  issuer = await startAuthServer();
  stage.defer(issuer.close);
  const start = () => startProtectedServer(stage, issuer);
  servers = { exchange: await start(), jag: await start(), consent: await start(), shared: await start() };
  const secret = async (name: string) => {
    const file = join(stage.folder, name);
    await writeFile(file, name, { mode: 0o600 });
    return { file };
  };
  const client = { client_id: 'gateway', client_secret: await secret('client-secret') };
  const gateway_token = await secret('token-of-the-gateway');
  const upstream = (name: keyof typeof servers, auth: object) => ({
    name,
    transport: 'http',
    url: servers[name].url,
    auth,
  });
  system = await startPrivate(stage, {
    policy: POLICY,
    upstreams: [
      upstream('exchange', { type: 'token_exchange', issuer: issuer.url, ...client, gateway_token }),
      upstream('jag', { type: 'id_jag', idp: { issuer: issuer.url, ...client }, ...client, gateway_token }),
      upstream('consent', { type: 'authorization_code', consent: 'per_caller' }),
      upstream('shared', { type: 'authorization_code', consent: 'shared' }),
    ],
  });
  ledger = await examiner(system);
  for (const user of ['data-engineer', 'risk-analyst', 'operator'])
    tokens[user] = await system.issuer.token(user);
}, 60_000);
afterAll(() => stage.close(), 30_000);

const post = (user: string, name: string, body: string) =>
  rawPost(`${system.urls.ingress}/mcp/${name}`, body, { authorization: `Bearer ${tokens[user]}` });
const call = (user: string, name: string) => post(user, name, toolCall('work', {}));
const list = (user: string, name: string) => post(user, name, rpc('tools/list'));

/** Until the gateway has made its first connection. */
const listed = (name: string) =>
  waitUntil(`tools of ${name}`, async () => codeOf(await list('data-engineer', name)) === undefined);

const rest = async (method: string, path: string, user: string, body?: object) => {
  const answer = await fetch(system.urls.ingress + path, {
    method,
    headers: {
      authorization: `Bearer ${tokens[user]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
};
const itemOf = async (name: string) => {
  const { items } = await rest('GET', '/upstreams', 'operator');
  return (items as { name: string }[]).find((item) => item.name === name);
};

/** A person with a browser, from the link to the page that says that all is done. */
const consent = async (user: string, name: string, body: object = {}): Promise<void> => {
  const { url } = await rest('POST', `/upstreams/${name}/authorize`, user, body);
  const first = await fetch(String(url), { redirect: 'manual' });
  const headers = { cookie: first.headers.get('set-cookie')?.split(';')[0] ?? '' };
  const onward = await fetch(`${String(url)}&continue=1`, { headers, redirect: 'manual' });
  const back = await fetch(onward.headers.get('location') ?? '', { redirect: 'manual' });
  expect((await fetch(back.headers.get('location') ?? '', { headers })).status).toBe(200);
};

/** No upstream, no log line and no record holds a token of a caller. */
const expectNoCallerToken = async (server: ProtectedServer): Promise<void> => {
  const written = server.received() + outputOf(system) + JSON.stringify(await ledger.events());
  for (const token of Object.values(tokens)) {
    expect(written).not.toContain(token);
    expect(written).not.toContain(token.split('.')[2]);
  }
};

describe('callers at an upstream with credentials of their own', () => {
  it.each(['exchange', 'jag'] as const)(
    '%s: each call carries what its caller’s token was exchanged for, in a session of its caller',
    async (name) => {
      const server = servers[name];
      await listed(name);
      for (const user of ['data-engineer', 'risk-analyst', 'data-engineer'])
        expect(codeOf(await call(user, name))).toBeUndefined();
      const [engineer, analyst, again] = server.calls;
      expect(issuer.subjects.get(engineer?.token ?? '')).toBe(tokens['data-engineer']);
      expect(issuer.subjects.get(analyst?.token ?? '')).toBe(tokens['risk-analyst']);
      expect(again).toEqual(engineer);
      expect(analyst?.session).not.toBe(engineer?.session);
      // The gateway's own session has only listed.
      expect(issuer.subjects.get(server.sessions.get('session-1') ?? '')).toBe('token-of-the-gateway');
      expect(server.calls.map(({ session }) => session)).not.toContain('session-1');
      await expectNoCallerToken(server);
    },
  );

  it('are served again after the server has forgotten all sessions, each in a new one', async () => {
    const server = servers.exchange;
    await listed('exchange');
    await call('data-engineer', 'exchange');
    server.forgetSessions();
    for (const user of ['data-engineer', 'risk-analyst'])
      await waitUntil('a session again', async () => codeOf(await call(user, 'exchange')) === undefined);
    const last = server.calls.slice(-2);
    expect(last[0]?.session).not.toBe(last[1]?.session);
  });

  it('are refused with the next step while the authorization server refuses, and nothing reaches the server', async () => {
    await listed('jag');
    const before = servers.jag.calls.length;
    issuer.settings.refuseToken = 'invalid_grant';
    const fresh = await system.issuer.token('risk-analyst', { ttl_s: 600 });
    tokens['risk-analyst'] = fresh;
    const answer = await call('risk-analyst', 'jag');
    issuer.settings.refuseToken = undefined;
    expect(codeOf(answer)).toBe('upstream_auth_failed');
    expect(answer.text).toContain('check upstreams[].auth');
    expect(servers.jag.calls).toHaveLength(before);
    expect(codeOf(await call('risk-analyst', 'jag'))).toBeUndefined();
  });
});

describe('a server that wants a consent', () => {
  it('shared: the first list says so, and is there at once when an operator has consented', async () => {
    await waitUntil(
      'the refusal of the server',
      async () => codeOf(await list('data-engineer', 'shared')) === 'upstream_consent_needed',
    );
    const refused = await call('data-engineer', 'shared');
    expect(codeOf(refused)).toBe('upstream_consent_needed');
    expect(refused.text).toContain('countersign upstreams authorize');
    expect(await itemOf('shared')).toMatchObject({
      state: 'needs_consent',
      problem: 'upstream_consent_needed',
    });
    await consent('operator', 'shared');
    // No wait here: the connection was being made before the page was shown.
    expect(codeOf(await list('data-engineer', 'shared'))).toBeUndefined();
    for (const user of ['data-engineer', 'risk-analyst'])
      expect(codeOf(await call(user, 'shared'))).toBeUndefined();
    expect(await itemOf('shared')).toMatchObject({ state: 'connected', problem: null });
    const [one, two] = servers.shared.calls;
    expect(two).toEqual(one);
    await expectNoCallerToken(servers.shared);
  });

  it('per caller: each caller consents, and the consent of one serves nobody else', async () => {
    await consent('operator', 'consent', { for: 'gateway' });
    await listed('consent');
    const server = servers.consent;
    await consent('data-engineer', 'consent');
    expect(codeOf(await call('data-engineer', 'consent'))).toBeUndefined();
    const refused = await call('risk-analyst', 'consent');
    expect(codeOf(refused)).toBe('upstream_consent_needed');
    expect(JSON.stringify(frameOf(refused))).toContain('countersign upstreams authorize');
    expect(server.calls).toHaveLength(1);
    await consent('risk-analyst', 'consent');
    expect(codeOf(await call('risk-analyst', 'consent'))).toBeUndefined();
    const [engineer, analyst] = server.calls;
    expect(analyst?.token).not.toBe(engineer?.token);
    expect(analyst?.session).not.toBe(engineer?.session);
    await rest('DELETE', '/upstreams/consent/authorization', 'data-engineer');
    expect(codeOf(await call('data-engineer', 'consent'))).toBe('upstream_consent_needed');
    expect(codeOf(await call('risk-analyst', 'consent'))).toBeUndefined();
    await expectNoCallerToken(server);
  });
});
