import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertEntriesFitSchemas } from '../schemas/entry-schemas.js';
import { bankUpstream, startBank } from './support/bank.js';
import { expectRefused, REFUSED_MS_MAX, type Refusal } from './support/expect-refused.js';
import { codeOf, frameOf, type RawAnswer, rawPost, rpc, toolCall } from './support/raw.js';
import { type Examiner, examiner, type LedgerEntry } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { DIST, outputOf } from './support/system.js';
import { pause } from './support/wait-until.js';

const UPSTREAM_TIMEOUT_MS = 700;
const REQUEST_BYTES_MAX = 64 * 1024;
const RESULT_BYTES_MAX = 16 * 1024;

const POLICY = `policy: 1
name: refusals
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  risk-analyst: { groups: [BANK-RISK-ANALYST] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  customer.read: { kind: read, tools: [core-banking/query_customers, core-banking/get_customer] }
  customer.write: { kind: write, tools: [core-banking/update_customer] }
  odd.call: { kind: write, tools: [odd/hang, odd/garbage, odd/big, odd/die, odd/echo, odd/array-result] }
rules:
  - id: E-1
    says: Engineers may call everything.
    roles: [data-engineer]
    allow: [customer.read, customer.write, odd.call]
    mask: pii
  - { id: A-1, says: Analysts read., roles: [risk-analyst], allow: [customer.read], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, PAN, BANK_ACCOUNT, EMAIL, PHONE, DOB, PERSON, ADDRESS], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:
  - { as: risk-analyst, call: core-banking/update_customer, args: {}, expect: deny }
`;

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
let bank: Awaited<ReturnType<typeof startBank>>;
let engineer: string;
let analyst: string;
/** Every token that was sent; none of them may be found on record. */
const sentTokens: string[] = [];

const at = (endpoint: string): string => `${system.urls.ingress}/${endpoint}`;
const bearer = (token: string): { authorization: string } => {
  sentTokens.push(token);
  return { authorization: `Bearer ${token}` };
};

beforeAll(async () => {
  stage = await openStage();
  bank = await startBank(stage, {
    faults: [
      { tool: 'update_customer', when: { customer_id: 'C-1001' }, answer_delay_ms: 60_000 },
      { tool: 'update_customer', when: { customer_id: 'C-1002' }, fail: 'malformed' },
      { tool: 'update_customer', when: { customer_id: 'C-1003' }, fail: 'drop_after' },
      { tool: 'update_customer', when: { customer_id: 'C-1004' }, fail: 'http_500' },
    ],
  });
  const odd = {
    name: 'odd',
    transport: 'stdio',
    command: 'node',
    args: [join(DIST, 'libs', 'mcp', 'upstream', 'stdio-server.fixture.js')],
    timeout_ms: UPSTREAM_TIMEOUT_MS,
  };
  system = await startPrivate(stage, {
    policy: POLICY,
    upstreams: [bankUpstream(bank, { timeout_ms: UPSTREAM_TIMEOUT_MS }), odd],
    settings: { limits: { request_bytes_max: REQUEST_BYTES_MAX, result_bytes_max: RESULT_BYTES_MAX } },
    otherResources: ['mcp/unknown-server'],
  });
  ledger = await examiner(system);
  engineer = await system.issuer.token('data-engineer');
  analyst = await system.issuer.token('risk-analyst');
}, 60_000);
afterAll(() => stage.close(), 30_000);

const refused = (send: () => Promise<RawAnswer>, expected: Refusal) =>
  expectRefused(system, ledger, send, expected);

const list = (headers: Record<string, string | undefined>, endpoint = 'mcp/core-banking') =>
  rawPost(at(endpoint), rpc('tools/list'), headers);

describe('a request without an acceptable token', () => {
  const cases: readonly (readonly [string, string, () => Promise<string | undefined>])[] = [
    ['without a token', 'token_missing', async () => undefined],
    ['with garbage for a token', 'token_invalid', async () => 'abc'],
    [
      'with an expired token',
      'token_expired',
      async () => {
        const token = await system.issuer.token('data-engineer', { ttl_s: 1 });
        await pause(2_100);
        return token;
      },
    ],
    [
      'with a token for another endpoint',
      'token_invalid',
      () => system.issuer.token('data-engineer', { resources: [at('mcp/odd')] }),
    ],
    [
      'with a token signed with a shared secret (HS256)',
      'token_invalid',
      () =>
        new SignJWT({ preferred_username: 'data-engineer', groups: ['BANK-DATA-ENG'], client_id: 'x' })
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
          .setIssuer(system.issuer.url)
          .setAudience(at('mcp/core-banking'))
          .setSubject('data-engineer')
          .setIssuedAt()
          .setExpirationTime('1h')
          .sign(Buffer.alloc(32, 7)),
    ],
    [
      'with an unsigned token (alg none)',
      'token_invalid',
      async () => {
        const [, claims] = engineer.split('.');
        return `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${claims}.`;
      },
    ],
  ];
  it.each(cases)('%s is 401, recorded, and told where to get one', async (_title, code, makeToken) => {
    const token = await makeToken();
    const { answer, recorded } = await refused(() => list(token === undefined ? {} : bearer(token)), {
      status: 401,
      code,
    });
    expect(recorded).toMatchObject([{ type: 'RequestRefused', data: { code, where: 'mcp/core-banking' } }]);
    const challenge = String(answer.headers['www-authenticate']);
    expect(challenge).toContain(
      `resource_metadata="${at('.well-known/oauth-protected-resource/mcp/core-banking')}"`,
    );
    // RFC 6750 section 3.1: a request without a token made no error.
    expect(challenge.includes('error="invalid_token"')).toBe(token !== undefined);
  });

  it.each(['mcp', 'mcp/core-banking', 'mcp/odd'])(
    'the metadata that /%s names is of that resource (RFC 9728)',
    async (endpoint) => {
      const answer = await list({}, endpoint);
      const url = /resource_metadata="([^"]+)"/.exec(String(answer.headers['www-authenticate']))?.[1] ?? '';
      const metadata: unknown = await (await fetch(url)).json();
      expect(metadata).toMatchObject({
        resource: at(endpoint),
        authorization_servers: [system.issuer.url],
        bearer_methods_supported: ['header'],
      });
      expect(
        (
          await list(
            bearer(await system.issuer.token('data-engineer', { resources: [at(endpoint)] })),
            endpoint,
          )
        ).status,
      ).toBe(200);
    },
  );
});

describe('a frame that is not what MCP allows', () => {
  const big = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'ping',
    params: { x: 'x'.repeat(REQUEST_BYTES_MAX) },
  });
  const cases: readonly (readonly [
    string,
    number,
    string,
    string | Uint8Array,
    Record<string, string | undefined>,
  ])[] = [
    ['malformed JSON', 400, 'json_malformed', '{"jsonrpc":"2.0","id":1,', {}],
    [
      'a duplicate key',
      400,
      'json_malformed',
      '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}',
      {},
    ],
    [
      'a duplicate key deep in the arguments',
      400,
      'json_malformed',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_customer","arguments":{"a":{"b":1,"b":2}}}}',
      {},
    ],
    [
      'bytes that are not UTF-8',
      400,
      'json_malformed',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      {},
    ],
    ['no body at all', 400, 'json_malformed', '', {}],
    ['a batch', 400, 'frame_invalid', `[${rpc('ping')},${rpc('ping', {}, 2)}]`, {}],
    ['a response nobody asked for', 400, 'frame_invalid', '{"jsonrpc":"2.0","id":1,"result":{}}', {}],
    ['a body over the limit', 413, 'body_too_large', big, {}],
    ['another content type', 415, 'media_type_refused', rpc('ping'), { 'content-type': 'text/plain' }],
    ['no content type', 415, 'media_type_refused', rpc('ping'), { 'content-type': undefined }],
    ['a compressed body', 415, 'media_type_refused', gzipSync(rpc('ping')), { 'content-encoding': 'gzip' }],
    ['an unknown method', 200, 'method_unknown', rpc('resources/forget'), {}],
    [
      'an unknown protocol revision',
      400,
      'revision_unsupported',
      rpc('ping'),
      { 'mcp-protocol-version': '1999-01-01' },
    ],
    ['a foreign Origin', 403, 'origin_refused', rpc('ping'), { origin: 'https://evil.example' }],
    ['a foreign Host', 403, 'origin_refused', rpc('ping'), { host: 'evil.example' }],
    ['a made-up session', 404, 'session_unknown', rpc('tools/list'), { 'mcp-session-id': 'made-up' }],
  ];
  it.each(cases)('%s is %i %s and recorded', async (_title, status, code, body, headers) => {
    const { recorded } = await refused(
      () => rawPost(at('mcp/core-banking'), body, { ...bearer(engineer), ...headers }),
      { status, code },
    );
    expect(recorded).toMatchObject([{ type: 'RequestRefused', data: { code } }]);
  });

  it("another caller's session is not known", async () => {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'a', version: '1' },
    };
    const opened = await rawPost(at('mcp/core-banking'), rpc('initialize', params), bearer(analyst));
    const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    expect((await list({ ...bearer(analyst), ...session })).status).toBe(200);
    const { recorded } = await refused(() => list({ ...bearer(engineer), ...session }), {
      status: 404,
      code: 'session_unknown',
    });
    expect(recorded).toMatchObject([{ type: 'RequestRefused', data: { code: 'session_unknown' } }]);
  });

  it('an unknown server is not found, even with a token for it', async () => {
    const { recorded } = await refused(() => list(bearer(engineer), 'mcp/unknown-server'), {
      status: 404,
      code: 'not_found',
    });
    expect(recorded).toMatchObject([
      { type: 'RequestRefused', data: { code: 'not_found', where: 'mcp/unknown' } },
    ]);
  });
});

describe('a call that cannot be carried out', () => {
  const call = (server: string, tool: string, input: object, token = engineer) =>
    rawPost(at(`mcp/${server}`), toolCall(tool, input), bearer(token));
  const update = (customer_id: string) =>
    call('core-banking', 'update_customer', { customer_id, fields: { notes: 'x' } });
  const endOf = (recorded: readonly LedgerEntry[]) =>
    recorded.findLast(({ stream }) => stream.startsWith('call-'));

  it('of an unknown tool is refused, and recorded as a call', async () => {
    const { recorded } = await refused(() => call('core-banking', 'drop_tables', {}), {
      status: 200,
      code: 'tool_unknown',
    });
    expect(endOf(recorded)).toMatchObject({ type: 'CallDenied', data: { code: 'tool_unknown' } });
    const united = await refused(() => rawPost(at('mcp'), toolCall('nobody__x', {}), bearer(engineer)), {
      status: 200,
      code: 'tool_unknown',
    });
    expect(united.recorded).toMatchObject([{ data: { code: 'tool_unknown' } }]);
  });

  it('that no rule allows is denied, and the upstream never hears of it', async () => {
    const before = bank.stats().calls;
    const write = () =>
      call('core-banking', 'update_customer', { customer_id: 'C-1010', fields: { notes: 'x' } }, analyst);
    const { recorded } = await refused(write, { status: 200, code: 'call_denied' });
    expect(endOf(recorded)).toMatchObject({ type: 'CallDenied', data: { code: 'call_denied' } });
    expect(bank.stats().calls).toBe(before);
  });

  const forwarded: readonly (readonly [string, string, () => Promise<RawAnswer>, object])[] = [
    [
      'whose upstream does not answer in time',
      'upstream_timeout',
      () => update('C-1001'),
      { type: 'CallOutcomeUnknown', data: { reason: 'timeout' } },
    ],
    [
      'whose upstream answers with garbage',
      'outcome_unknown',
      () => update('C-1002'),
      { type: 'CallOutcomeUnknown', data: { reason: 'invalid_answer' } },
    ],
    [
      'whose upstream drops the connection',
      'outcome_unknown',
      () => update('C-1003'),
      { type: 'CallOutcomeUnknown', data: { reason: 'connection_lost' } },
    ],
    [
      'whose upstream answers 500',
      'outcome_unknown',
      () => update('C-1004'),
      { type: 'CallOutcomeUnknown', data: { reason: 'http_status' } },
    ],
    [
      'whose result is over the limit',
      'result_too_large',
      () => call('core-banking', 'query_customers', { limit: 100 }),
      { type: 'CallFailed', data: { code: 'result_too_large' } },
    ],
    [
      'whose child process hangs',
      'upstream_timeout',
      () => call('odd', 'hang', {}),
      { type: 'CallOutcomeUnknown', data: { reason: 'timeout' } },
    ],
    [
      'whose child process dies',
      'outcome_unknown',
      () => call('odd', 'die', {}),
      { type: 'CallOutcomeUnknown', data: { reason: 'connection_lost' } },
    ],
  ];
  it.each(forwarded)('%s is answered %s, and its end is recorded', async (_title, code, send, end) => {
    const { recorded } = await refused(send, { status: 200, code });
    expect(endOf(recorded)).toMatchObject(end);
  });

  it('whose child process died works again once the child has been started anew', async () => {
    const died = await call('odd', 'die', {});
    expect(codeOf(died)).toBeDefined();
    for (let attempt = 0; attempt < 40; attempt++) {
      const answer = await call('odd', 'echo', {});
      if (frameOf(answer).result !== undefined && codeOf(answer) === undefined) return;
      expect(answer.elapsed_ms).toBeLessThan(REFUSED_MS_MAX);
      await pause(100);
    }
    throw new Error('the child was not started again');
  });

  it('whose upstream is gone is refused, and reported as not carried out', async () => {
    await bank.close();
    const { recorded } = await refused(
      () => call('core-banking', 'get_customer', { customer_id: 'C-1005' }),
      { status: 200, code: 'upstream_unavailable' },
    );
    expect(endOf(recorded)).toMatchObject({ type: 'CallFailed', data: { code: 'upstream_unavailable' } });
  });
});

describe('after all of that', () => {
  it('no token is in any record or log', async () => {
    const text = JSON.stringify(await ledger.events()) + outputOf(system);
    // A signature is the part of a token that nothing else contains.
    const signatures = sentTokens
      .map((token) => token.split('.').at(-1) ?? '')
      .filter((signature) => signature.length > 20);
    expect(signatures.length).toBeGreaterThan(20);
    expect(signatures.filter((signature) => text.includes(signature))).toEqual([]);
  });

  it('every entry of the history fits the published schema of its type and version', async () => {
    const entries = await ledger.events();
    expect(entries.length).toBeGreaterThan(50);
    assertEntriesFitSchemas(entries);
  });

  it('the history replays without a difference', async () => {
    const { checked, identical } = await ledger.replay();
    expect(checked).toBeGreaterThan(5);
    expect(identical).toBe(checked);
  });
});
