import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigError, loadConfig, readSecret } from './load-config.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const load = (settings: object | string, overrides = {}) => {
  const file = join(folder, 'countersign.yaml');
  writeFileSync(file, typeof settings === 'string' ? settings : JSON.stringify(settings));
  return loadConfig({ file, overrides });
};
const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'accepted';
};

const ISSUERS = { issuers: [{ issuer: 'https://idp.bank.example' }] };
const TEAMS = {
  app_id: '11111111-2222-4333-8444-555555555555',
  app_secret: { env: 'BOT' },
  tenant: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
  people: { file: 'people.yaml' },
  to: [{ name: 'managers', channel: '19:a@thread.tacv2' }],
};
const SSO = { sso: { issuer: 'https://idp.bank.example', audience: 'api://bot' } };
const LOGIN = { login: { issuer: 'https://idp.bank.example', client_id: 'c' } };
const PRODUCTION = { policy_file: 'policy.yaml', identity: ISSUERS };

describe('the configuration', () => {
  it('has defaults, and is production unless it says otherwise', () => {
    const config = load(PRODUCTION);
    expect(config).toMatchObject({
      mode: 'production',
      demo: false,
      http: { host: '127.0.0.1', port: 8080 },
    });
    expect(config.policy_file).toBe(join(folder, 'policy.yaml'));
  });

  it('names the path of a wrong setting and what was expected', () => {
    expect(messageOf(() => load({ ...PRODUCTION, http: { port: 'eighty' } }))).toMatch(/http\.port.*number/);
    expect(messageOf(() => load({ ...PRODUCTION, limits: { request_bytes_max: 1 } }))).toContain(
      'limits.request_bytes_max',
    );
  });

  it('names every wrong setting at once', () => {
    const message = messageOf(() => load({ ...PRODUCTION, http: { port: -1 }, log_level: 'loud' }));
    expect(message).toContain('http.port');
    expect(message).toContain('log_level');
  });

  it.each([
    ['a setting it does not know', { ...PRODUCTION, polcy_file: 'x' }, 'polcy_file'],
    ['the development issuer in production', { ...PRODUCTION, demo: true }, 'demo'],
    [
      'mail without TLS in production',
      {
        ...PRODUCTION,
        approvals: {
          notify: {
            mail: {
              smtp: { host: 'smtp', tls: 'none' },
              from: 'a@bank.example',
              to: { manager: ['b@bank.example'] },
            },
          },
        },
      },
      'approvals.notify.mail.smtp.tls',
    ],
    [
      'a webhook with credentials in its address',
      {
        ...PRODUCTION,
        approvals: {
          notify: { webhooks: [{ name: 'x', url: 'https://u:p@a.example', secrets: [{ env: 'X' }] }] },
        },
      },
      'approvals.notify.webhooks.0.url',
    ],
    [
      'two webhooks of one name',
      {
        ...PRODUCTION,
        approvals: {
          notify: {
            webhooks: ['a', 'b'].map((host) => ({
              name: 'x',
              url: `https://${host}.example`,
              secrets: [{ env: 'X' }],
            })),
          },
        },
      },
      'approvals.notify.webhooks',
    ],
    [
      'an issuer without TLS in production',
      { ...PRODUCTION, identity: { issuers: [{ issuer: 'http://idp' }] } },
      'https',
    ],
    ['no issuer in production', { policy_file: 'p' }, 'at least one issuer'],
    [
      'a sign-in at an issuer whose tokens are not accepted',
      { ...PRODUCTION, approvals: { login: { issuer: 'https://other.example', client_id: 'c' } } },
      'approvals.login.issuer',
    ],
    [
      'an approval page without TLS in production',
      { ...PRODUCTION, approvals: { page_url: 'http://approvals.bank.example' } },
      'approvals.page_url',
    ],
    [
      'a sign-in without openid',
      { ...PRODUCTION, approvals: { login: { ...LOGIN.login, scopes: ['email'] } } },
      'must contain openid',
    ],
    [
      'a bot that answers in clear in production',
      { ...PRODUCTION, approvals: { teams: { ...TEAMS, service_url: 'http://smba.example/' } } },
      'approvals.teams',
    ],
    [
      'a bot that knows people by tokens without their object id',
      { ...PRODUCTION, approvals: { teams: { ...TEAMS, people: SSO } } },
      'human_claim: oid',
    ],
    [
      'a bot that knows people in two ways',
      { ...PRODUCTION, approvals: { teams: { ...TEAMS, people: { ...TEAMS.people, ...SSO } } } },
      'either file or sso',
    ],
    [
      'a target of the bot that is a channel and a person',
      { ...PRODUCTION, approvals: { teams: { ...TEAMS, to: [{ ...TEAMS.to[0], person: TEAMS.tenant }] } } },
      'either channel or person',
    ],
    [
      'two upstream servers of one name',
      {
        ...PRODUCTION,
        upstreams: ['a', 'b'].map((host) => ({ name: 'crm', transport: 'http', url: `http://${host}/mcp` })),
      },
      'crm is used twice',
    ],
    [
      'a secret written into the file',
      {
        ...PRODUCTION,
        upstreams: [
          { name: 'crm', transport: 'http', url: 'http://a/mcp', headers: { authorization: 'Bearer x' } },
        ],
      },
      'upstreams.0.headers.authorization',
    ],
    [
      'a clock skew over its limit',
      { ...PRODUCTION, identity: { ...ISSUERS, clock_skew_s: 600 } },
      'clock_skew_s',
    ],
    [
      'scopes for a server that is not there: a slip of the pen would demand nothing',
      { ...PRODUCTION, identity: { ...ISSUERS, scopes: { servers: { crn: { read: ['crm.read'] } } } } },
      'no upstream crn',
    ],
    [
      'a scope that is none',
      { ...PRODUCTION, identity: { ...ISSUERS, scopes: { mcp: ['a b'] } } },
      'identity.scopes.mcp.0',
    ],
    ['an HMAC algorithm', { ...PRODUCTION, identity: { ...ISSUERS, algorithms: ['HS256'] } }, 'algorithms'],
  ])('refuses %s', (_, settings, expected) => {
    expect(messageOf(() => load(settings))).toContain(expected);
  });

  it('refuses a key that stands there twice, and a file that is not there', () => {
    expect(messageOf(() => load('policy_file: a\npolicy_file: b\n'))).toContain('unique');
    expect(messageOf(() => loadConfig({ file: join(folder, 'nothing.yaml') }))).toContain('cannot be read');
  });

  it('takes the environment over the file, and command-line options over both', () => {
    vi.stubEnv('COUNTERSIGN_PORT', '9001');
    vi.stubEnv('NATS_URL', 'nats://a:4222, nats://b:4222');
    vi.stubEnv('NATS_PASSWORD_FILE', '/run/secrets/nats');
    vi.stubEnv('EVENT_STORE_URL', '');
    const config = load({ ...PRODUCTION, http: { port: 9000 } });
    expect(config.http.port).toBe(9001);
    expect(config.bus).toMatchObject({
      servers: ['nats://a:4222', 'nats://b:4222'],
      password: { file: '/run/secrets/nats' },
    });
    expect(config.event_store.url).toBeUndefined();
    expect(load(PRODUCTION, { port: 9002 }).http.port).toBe(9002);
  });
});

describe('how the gateway authenticates at an upstream', () => {
  const withAuth = (auth: object, mode = 'production') => ({
    ...PRODUCTION,
    mode,
    upstreams: [{ name: 'crm', transport: 'http', url: 'https://crm.example/mcp', auth }],
  });
  const CLIENT = { client_id: 'gw', client_secret: { env: 'CRM_SECRET' } };
  const CONSENT = { type: 'authorization_code', consent: 'shared' };

  it('is not at all unless it says so', () => {
    const config = load({
      ...PRODUCTION,
      upstreams: [{ name: 'crm', transport: 'http', url: 'https://crm.example' }],
    });
    expect(config.upstreams[0]).toMatchObject({ auth: { type: 'none' } });
    expect(config.outbound.allow).toEqual([]);
  });

  it.each([
    ['a secret in the file', { type: 'header', value: 'Bearer x' }, 'auth.value'],
    [
      'a header of the protocol',
      { type: 'header', name: 'Mcp-Session-Id', value: { env: 'X' } },
      'auth.name',
    ],
    ['a kind it does not know', { type: 'passthrough' }, 'auth.type'],
    ['a consent without saying whose', { type: 'authorization_code' }, 'auth.consent'],
    ['an exchange of the caller’s token anywhere', { type: 'token_exchange', ...CLIENT }, 'auth.issuer'],
    ['an identity provider without name', { type: 'id_jag', ...CLIENT, idp: CLIENT }, 'auth.idp.issuer'],
    ['client credentials for any issuer', { type: 'client_credentials', ...CLIENT }, 'auth.issuer'],
    ['a registered client for any issuer', { ...CONSENT, ...CLIENT }, 'auth.issuer'],
  ])('refuses %s', (_, auth, path) => {
    expect(messageOf(() => load(withAuth(auth)))).toContain(path);
  });

  it('takes credentials with the issuer they are for, and any issuer in development', () => {
    const bound = { type: 'client_credentials', ...CLIENT, issuer: 'https://as.crm.example' };
    expect(messageOf(() => load(withAuth(bound)))).toBe('accepted');
    expect(messageOf(() => load(withAuth(CONSENT)))).toBe('accepted');
    expect(messageOf(() => load(withAuth({ type: 'client_credentials', ...CLIENT }, 'development')))).toBe(
      'accepted',
    );
  });
});

describe('a secret', () => {
  it('is read from where the configuration says', () => {
    vi.stubEnv('CRM_KEY', 'from the environment');
    const file = join(folder, 'secret');
    writeFileSync(file, 'from the file\n');
    expect(readSecret({ env: 'CRM_KEY' })).toBe('from the environment');
    expect(readSecret({ file })).toBe('from the file');
  });

  it('that is not there stops the start, by name and without its value', () => {
    expect(messageOf(() => readSecret({ env: 'NOT_SET' }))).toContain('NOT_SET');
    expect(messageOf(() => readSecret({ file: join(folder, 'none') }))).toContain('none');
  });
});
