import { createHash } from 'node:crypto';
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateBank } from '../bank.js';
import { type CoreBanking, startCoreBanking } from './core-banking.js';
import { type Fault, parseFault } from './faults.js';

const SEED = 'spec';
const [first, second] = generateBank(SEED, 2).customers;
const from_account = first?.accounts[0]?.account_number ?? '';
const to_account = second?.accounts[0]?.account_number ?? '';
let bank: CoreBanking;

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
};
const send = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(bank.url, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  });
const callFrame = (name: string, input: unknown, meta = {}) => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name, arguments: input, ...meta },
});
interface Answer {
  result?: { isError?: boolean; content: { text: string }[]; structuredContent?: Record<string, unknown> };
  error?: { code: number };
}
const call = async (name: string, input: unknown): Promise<Answer> =>
  (await (await send(callFrame(name, input))).json()) as Answer;
const restart = async (options: Partial<Parameters<typeof startCoreBanking>[0]>): Promise<void> => {
  await bank.close();
  bank = await startCoreBanking({ port: 0, seed: SEED, customers: 50, ...options });
};

beforeEach(async () => {
  bank = await startCoreBanking({ port: 0, seed: SEED, customers: 50 });
});
afterEach(() => bank.close());

describe.each([
  [
    'SDK v1',
    () => new Client({ name: 'spec', version: '1' }),
    () => new StreamableHTTPClientTransport(new URL(bank.url)),
  ],
  ['SDK v2', () => new ClientV2({ name: 'spec', version: '1' }), () => new TransportV2(new URL(bank.url))],
] as const)('with the client of %s', (_name, makeClient, makeTransport) => {
  it('tools are listed with strict schemas and annotations, called, and their results fit the output schema', async () => {
    const client = makeClient() as Client;
    await client.connect(makeTransport() as StreamableHTTPClientTransport);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'query_customers',
      'get_customer',
      'update_customer',
      'transfer_funds',
    ]);
    for (const { inputSchema, outputSchema, annotations } of tools) {
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(outputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(annotations?.readOnlyHint).toBeTypeOf('boolean');
    }
    const result = await client.callTool({ name: 'get_customer', arguments: { customer_id: 'C-1001' } });
    expect(result.structuredContent).toEqual({ customer: first });
    expect(JSON.parse((result.content as { text: string }[])[0]?.text ?? '')).toEqual({ customer: first });
    const transfer = { from_account, to_account, amount: '12500.00' };
    expect((await client.callTool({ name: 'transfer_funds', arguments: transfer })).isError).toBeFalsy();
    const update = { customer_id: 'C-1002', fields: { notes: 'moved' } };
    expect((await client.callTool({ name: 'update_customer', arguments: update })).isError).toBeFalsy();
    await client.close();
  });

  it('a query reports growing progress when a token asks for it', async () => {
    const client = makeClient() as Client;
    await client.connect(makeTransport() as StreamableHTTPClientTransport);
    const progress: number[] = [];
    const request = { name: 'query_customers', arguments: { limit: 2 } };
    const options = { onprogress: (update: { progress: number }) => progress.push(update.progress) };
    // The second argument of v1 is a result schema, which v2 no longer has.
    const result = await (client instanceof Client
      ? client.callTool(request, undefined, options)
      : (client as unknown as ClientV2).callTool(request, options));
    expect((result.structuredContent as { customers: unknown[] }).customers).toHaveLength(2);
    expect(progress).toEqual([1, 2, 3]);
    await client.close();
  });
});

describe('the tools', () => {
  it('find customers by part of the name and by city, up to the limit', async () => {
    const all = await call('query_customers', {});
    expect(all.result?.structuredContent).toMatchObject({ total: 50 });
    expect(all.result?.structuredContent?.['customers']).toHaveLength(10);
    const part = first?.name.slice(1, 6).toUpperCase();
    const found = await call('query_customers', {
      name_contains: part,
      city: first?.address.city,
      limit: 100,
    });
    expect(found.result?.structuredContent?.['customers']).toContainEqual(first);
  });

  it('move money exactly once a call and keep the sum', async () => {
    const balance = async (id: string): Promise<string> => {
      const { result } = await call('get_customer', { customer_id: id });
      return (result?.structuredContent?.['customer'] as typeof first)?.accounts[0]?.balance ?? '';
    };
    const sum = Number(await balance('C-1001')) + Number(await balance('C-1002'));
    const moved = await call('transfer_funds', { from_account, to_account, amount: '0.07', memo: 'x' });
    expect(moved.result?.structuredContent).toMatchObject({
      transfer_id: 'T-000001',
      amount: '0.07',
      status: 'completed',
    });
    expect(await balance('C-1001')).toBe((Number(first?.accounts[0]?.balance) - 0.07).toFixed(2));
    expect(Number(await balance('C-1001')) + Number(await balance('C-1002'))).toBeCloseTo(sum, 5);
  });

  it.each([
    ['get_customer', { customer_id: 'C-9999' }],
    ['get_customer', { customer_id: 'C-1001', extra: 1 }],
    ['get_customer', {}],
    ['get_customer', null],
    ['query_customers', { limit: 101 }],
    ['update_customer', { customer_id: 'C-1001', fields: {} }],
    ['update_customer', { customer_id: 'C-1001', fields: { ssn: '123-45-6789' } }],
    ['transfer_funds', { from_account, to_account, amount: 12500 }],
    ['transfer_funds', { from_account, to_account, amount: '-1.00' }],
    ['transfer_funds', { from_account, to_account, amount: '1e3' }],
    ['transfer_funds', { from_account, to_account, amount: '0.00' }],
    ['transfer_funds', { from_account, to_account, amount: '1.001' }],
    ['transfer_funds', { from_account, to_account, amount: '999999999999.99' }],
    ['transfer_funds', { from_account, to_account: from_account, amount: '1.00' }],
    ['transfer_funds', { from_account, to_account: '000000000000', amount: '1.00' }],
  ])('refuse with an error result and without effect: %s %j', async (name, input) => {
    const { result } = await call(name, input);
    expect(result?.isError).toBe(true);
    expect(result?.structuredContent).toBeUndefined();
    expect(bank.stats()).toMatchObject({ calls: 1, took_effect: 0 });
  });
});

describe('the wire', () => {
  it.each<[string, unknown, Record<string, string>, number]>([
    ['a batch', [callFrame('get_customer', {})], {}, 400],
    ['something that is not JSON', '{', {}, 400],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), {}, 400],
    ['a frame of another version', { jsonrpc: '1.0', id: 1, method: 'ping' }, {}, 400],
    ['a frame with something beside it', { jsonrpc: '2.0', id: 1, method: 'ping', x: 1 }, {}, 400],
    ['a fractional id', { jsonrpc: '2.0', id: 1.5, method: 'ping' }, {}, 400],
    ['a request without id', { jsonrpc: '2.0', method: 'tools/list' }, {}, 400],
    ['another media type', callFrame('get_customer', {}), { 'content-type': 'text/plain' }, 415],
    ['a client that takes no stream', callFrame('get_customer', {}), { accept: 'application/json' }, 406],
    ['an unknown revision', callFrame('get_customer', {}), { 'mcp-protocol-version': '2024-11-05' }, 400],
    ['a foreign origin', callFrame('get_customer', {}), { origin: 'https://attacker.example' }, 403],
    ['a body over 1 MB', callFrame('get_customer', { x: 'x'.repeat(1024 * 1024) }), {}, 413],
  ])('refuses %s', async (_name, body, headers, status) => {
    const response = await send(body, headers);
    expect(response.status).toBe(status);
    expect(((await response.json()) as Answer).error?.code).toBeLessThan(0);
    expect(bank.stats().took_effect).toBe(0);
  });

  it('answers unknown methods and tools with their error codes, notifications with 202, GET and DELETE with 405', async () => {
    const unknown = (await (await send({ jsonrpc: '2.0', id: 1, method: 'nope' })).json()) as Answer;
    expect(unknown.error?.code).toBe(-32601);
    expect((await call('constructor', {})).error?.code).toBe(-32602);
    expect((await send({ jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202);
    for (const method of ['GET', 'DELETE'])
      expect((await fetch(bank.url, { method, headers: HEADERS })).status).toBe(405);
  });

  it('speaks both revisions and offers its newest to clients of others', async () => {
    for (const [asked, answered] of [
      ['2025-06-18', '2025-06-18'],
      ['2025-11-25', '2025-11-25'],
      ['2024-11-05', '2025-11-25'],
    ]) {
      const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 'x', version: '1' } };
      const response = await send({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
      expect(await response.json()).toMatchObject({ result: { protocolVersion: answered } });
    }
  });

  it('takes only its own credential when it has one', async () => {
    await restart({ bearer_token: 'upstream-secret' });
    expect((await send(callFrame('query_customers', {}))).status).toBe(401);
    expect((await send(callFrame('query_customers', {}), { authorization: 'Bearer another' })).status).toBe(
      401,
    );
    expect(
      (await send(callFrame('query_customers', {}), { authorization: 'Bearer upstream-secret' })).status,
    ).toBe(200);
    expect(bank.stats().calls).toBe(1);
  });
});

describe('the statistics', () => {
  it('count every call that reached the server and show what it was', async () => {
    await call('get_customer', { customer_id: 'C-1001' });
    await call('get_customer', { customer_id: 'wrong' });
    await call('no_such_tool', {});
    await send({ jsonrpc: '2.0', id: 'x', method: 'tools/list' });
    const stats = await (await fetch(new URL('/stats', bank.url))).json();
    expect(stats).toEqual(bank.stats());
    expect(stats).toMatchObject({
      calls: 3,
      by_tool: { get_customer: 2, no_such_tool: 1 },
      took_effect: 1,
      other: { 'tools/list': 1 },
      log: [
        { seq: 1, tool: 'get_customer', id: 7, arguments: { customer_id: 'C-1001' }, took_effect: true },
        { seq: 2, took_effect: false },
        { seq: 3, tool: 'no_such_tool', took_effect: false },
      ],
    });
  });

  it('tell credentials apart without showing them, and show whole requests only when asked to', async () => {
    await send(callFrame('query_customers', {}), { authorization: 'Bearer callers-token' });
    const [entry] = bank.stats().log;
    expect(entry?.authorization_sha256).toBe(
      createHash('sha256').update('Bearer callers-token').digest('hex'),
    );
    expect(JSON.stringify(entry)).not.toContain('callers-token');
    await restart({ keep_requests: true });
    const body = JSON.stringify(callFrame('query_customers', {}));
    await send(body, { 'x-test': 'yes' });
    expect(bank.stats().log[0]).toMatchObject({ body, headers: { 'x-test': 'yes' } });
  });
});

describe('a fault given at the start', () => {
  const amounts = (amount: string, more: Partial<Fault>): Fault => ({
    tool: 'transfer_funds',
    when: { amount },
    ...more,
  });
  const transfer = (amount: string) => callFrame('transfer_funds', { from_account, to_account, amount });

  it('strikes only the calls it names, and says in the statistics whether they took effect', async () => {
    await restart({
      faults: [
        amounts('1.00', { fail: 'drop_before' }),
        amounts('2.00', { fail: 'drop_after' }),
        amounts('3.00', { fail: 'http_500' }),
        amounts('4.00', { fail: 'malformed' }),
        amounts('5.00', { fail: 'rpc_error' }),
        amounts('6.00', { fail: 'tool_error' }),
      ],
    });
    await expect(send(transfer('1.00'))).rejects.toThrow();
    await expect(send(transfer('2.00'))).rejects.toThrow();
    expect((await send(transfer('3.00'))).status).toBe(500);
    await expect((await send(transfer('4.00'))).json()).rejects.toThrow();
    expect(await (await send(transfer('5.00'))).json()).toMatchObject({ error: { code: -32603 } });
    expect(await (await send(transfer('6.00'))).json()).toMatchObject({ result: { isError: true } });
    expect(await (await send(transfer('7.00'))).json()).toMatchObject({ result: { isError: false } });
    const effects = bank.stats().log.map(({ took_effect }) => took_effect);
    expect(effects).toEqual([false, true, false, true, false, false, true]);
  });

  it('delays before the effect or between effect and answer, and does not keep the server from closing', async () => {
    await restart({
      faults: [amounts('1.00', { delay_ms: 60_000 }), amounts('2.00', { answer_delay_ms: 60_000 })],
    });
    const pending = Promise.allSettled([send(transfer('1.00')), send(transfer('2.00'))]);
    await expect.poll(() => bank.stats().took_effect).toBe(1);
    expect(bank.stats().calls).toBe(2);
    await bank.close();
    expect((await pending).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('is refused when it would do nothing', () => {
    expect(parseFault('{"tool":"get_customer","fail":"http_500"}')).toEqual({
      tool: 'get_customer',
      fail: 'http_500',
    });
    for (const text of [
      '{}',
      '{"tool":"nope"}',
      '{"tool":"get_customer","fail":"x"}',
      '{"tool":"get_customer","dealy_ms":1}',
    ]) {
      expect(() => parseFault(text)).toThrow(TypeError);
    }
  });
});
