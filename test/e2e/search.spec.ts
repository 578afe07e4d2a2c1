import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from './support/bank.js';
import { countersignAs } from './support/command.js';
import { clearIdentifiersIn, demoCustomer } from './support/personal-data.js';
import { demoPolicy } from './support/policies.js';
import { approver, type Examiner, examiner } from './support/rest.js';
import { askLedger, type SearchAnswer, searchLedger } from './support/search.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect, outputOf, serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const customer = demoCustomer(1);
/** In the arguments of no call: only results hold it. */
const bystander = demoCustomer(2);

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;

const ask = (user: string, path: string, body?: object) => askLedger(system, user, path, body);
const search = (body: object) => searchLedger(system, body);

beforeAll(async () => {
  stage = await openStage();
  const bank = await startBank(stage);
  system = await startPrivate(stage, { policy: demoPolicy(), upstreams: [bankUpstream(bank)] });
  ledger = await examiner(system);

  const analyst = await connect(system, 'SDK v1', 'risk-analyst', 'core-banking');
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  await analyst.call('get_customer', { customer_id: customer.id });
  await analyst.call('get_customer', { customer_id: bystander.id });
  await analyst.call('query_customers', { limit: 5 });
  const fields = { notes: `called about ${customer.id}` };
  await analyst.call('update_customer', { customer_id: customer.id, fields });
  const waiting = engineer.call('update_customer', { customer_id: customer.id, fields });
  const manager = await approver(system, 'manager-1');
  const held = await waitUntil('a pending approval', async () => (await manager.list('pending'))[0]);
  await manager.approve(held.id, { digest: held.digest, reason: 'seen in person' });
  await waiting;
  await Promise.all([analyst.close(), engineer.close()]);
}, 120_000);
afterAll(() => stage.close(), 30_000);

describe('a search for a value', () => {
  it('finds every call that touched a customer, in order, and where the customer stands in it', async () => {
    const found = await search({ value: customer.id.toLowerCase() });
    expect(found.map(({ tool, effect, outcome, found: places }) => [tool, effect, outcome, places])).toEqual([
      ['get_customer', 'read', 'completed', ['arguments', 'result']],
      ['query_customers', 'read', 'completed', ['result']],
      ['update_customer', 'write', 'denied', ['arguments']],
      ['update_customer', 'write', 'completed', ['arguments', 'result']],
    ]);
  }, 60_000);

  it.each([
    ['an SSN that was masked for the caller', customer.ssn, undefined, ['get_customer', 'query_customers']],
    ['the same without dashes', customer.ssn.replaceAll('-', ''), 'ssn', ['get_customer', 'query_customers']],
    [
      'an e-mail address in another case',
      customer.email.toUpperCase(),
      'email',
      ['get_customer', 'query_customers'],
    ],
    [
      'a customer by the field of the argument',
      customer.id,
      'customer_id',
      ['get_customer', 'update_customer'],
    ],
    ['a value under another field', customer.id, 'ssn', []],
    ['a value that no call holds', 'C-999999', undefined, []],
  ])(
    '%s',
    async (_, value, field, tools) => {
      const found = await search({ value, ...(field && { field }) });
      expect(
        [...new Set(found.map(({ tool }) => tool))].filter(
          (tool) => tool !== 'update_customer' || tools.includes(tool),
        ),
      ).toEqual(tools);
    },
    60_000,
  );

  it('is joined with everything else that is on record', async () => {
    const filters = { effect: 'write', principal: 'data-engineer', rule: 'DE-1', decision: 'approval' };
    const [only, ...others] = await search({ value: customer.id, filters });
    expect(others).toEqual([]);
    expect(only).toMatchObject({ tool: 'update_customer', outcome: 'completed' });
    expect(
      await search({ value: customer.id, filters: { masked: 'US_SSN', tool: 'query_customers' } }),
    ).toHaveLength(1);
    expect(await search({ value: customer.id, filters: { session: only?.session ?? '' } })).toEqual([only]);
    expect(await search({ value: customer.id, filters: { to: '2026-01-01T00:00:00+01:00' } })).toEqual([]);
  }, 60_000);

  it('leaves its value in no event, no log, and no file of the gateway', async () => {
    const secret = 'Z-77-SECRET-1';
    expect(await search({ value: secret })).toEqual([]);
    const reads = (await ledger.events()).filter(({ type }) => type === 'LedgerRead');
    expect(reads.some(({ data }) => JSON.stringify(data).includes('"tokens"'))).toBe(true);
    expect(clearIdentifiersIn(JSON.stringify(reads))).toEqual([]);
    expect(clearIdentifiersIn(outputOf(system))).toEqual([]);
    const names = (await readdir(system.data)).filter((name) => /\.db(-wal)?$/.test(name));
    expect(names).toContain('projection.db');
    for (const name of names) {
      const bytes = await readFile(join(system.data, name));
      expect(clearIdentifiersIn(bytes), name).toEqual([]);
      for (const text of [secret, secret.toLowerCase(), customer.id, customer.name])
        expect(bytes.includes(text), `${name}: ${text}`).toBe(false);
    }
  }, 60_000);

  it('takes a value in a body only', async () => {
    expect(await ask('examiner', `calls?value=${customer.id}`)).toMatchObject({
      status: 400,
      body: { code: 'body_invalid' },
    });
    expect(await ask('examiner', 'search', { field: 'ssn' })).toMatchObject({ status: 400 });
    expect(await ask('examiner', 'search', { value: ' ' })).toMatchObject({ status: 400 });
  });
});

describe('countersign search', () => {
  it('shows every call that touched a customer, what changed, who allowed it, and how to check it', async () => {
    const shown = await countersignAs(
      system,
      'examiner',
      ['search', '--value', '-', '--changes'],
      customer.id,
    );
    expect(shown.code).toBe(0);
    const [approved] = await search({
      value: customer.id,
      filters: { outcome: 'completed', effect: 'write' },
    });
    for (const text of [
      '4 calls: 2 reads, 2 writes (1 denied, 1 completed)',
      'WRITE  core-banking/update_customer  completed',
      'decision  approval by DE-1',
      'approve by manager-1: seen in person',
      'value in  arguments, result',
      `"notes": "called about ${customer.id}"`,
      `countersign show ${approved?.id}`,
      `countersign replay --call ${approved?.id}`,
      `countersign evidence export --call ${approved?.id}`,
    ])
      expect(shown.out).toContain(text);
    const order = ['1. ', 'get_customer', '2. ', 'query_customers', '3. ', 'denied', '4. ', 'completed'];
    let at = -1;
    for (const text of order) {
      const next = shown.out.indexOf(text, at + 1);
      expect(next, text).toBeGreaterThan(at);
      at = next;
    }
  }, 60_000);

  it('answers as JSON, newest first and no more than asked for', async () => {
    const args = [
      'search',
      '--value',
      customer.id,
      '--field',
      'customer_id',
      '--newest',
      '--limit',
      '2',
      '--json',
    ];
    const { out, err } = await countersignAs(system, 'examiner', args);
    const { items } = JSON.parse(out) as SearchAnswer;
    expect(items.map(({ outcome }) => outcome)).toEqual(['completed', 'denied']);
    expect(err).toContain('more than 2 calls fit');
  }, 60_000);
});

describe('sessions', () => {
  it('group the calls of one caller through one client', async () => {
    const { out } = await countersignAs(system, 'auditor', ['sessions', '--json']);
    const { items } = JSON.parse(out) as {
      items: readonly { id: string; principal: string; calls: number; writes: number }[];
    };
    expect(items.map(({ principal, calls, writes }) => [principal, calls, writes])).toEqual([
      ['data-engineer', 1, 1],
      ['risk-analyst', 4, 1],
    ]);
    expect((await search({ filters: { session: items[1]?.id } })).map(({ tool }) => tool)).toHaveLength(4);
  }, 60_000);
});

describe('an export', () => {
  it('of transcripts holds what was asked and what was shown, for examiners', async () => {
    const body = { include: 'transcripts', value: customer.id, filters: { effect: 'read' } };
    const { status, text } = await ask('examiner', 'export', body);
    expect(status).toBe(200);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ request: { arguments: { customer_id: customer.id } } });
    expect(lines.at(-1)).toEqual({ end: true, calls: 2 });
    expect(clearIdentifiersIn(JSON.stringify(lines.map(({ response }) => response)))).toEqual([]);
  }, 60_000);
});

describe('roles', () => {
  it('auditors see the structure of every record, and no argument or result', async () => {
    const [call] = await search({ value: customer.id, filters: { outcome: 'completed', effect: 'write' } });
    const { status, text } = await ask('auditor', `calls/${call?.id}`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      contents: 'withheld',
      request: null,
      response: null,
      masking: { findings: null, counts: expect.any(Object) },
      approval: { events: expect.any(Array) },
      outcome: { type: 'CallCompleted' },
    });
    expect(text).not.toContain('called about');
    expect(text).not.toContain(customer.id);
    expect(
      (await ask('auditor', 'search', { filters: { tool: 'update_customer' } })).body.items,
    ).toHaveLength(2);
    for (const path of ['events?limit=1', 'log', 'alarms', `calls/${call?.id}/receipt`])
      expect((await ask('auditor', path)).status, path).toBe(200);
    expect(await ask('auditor', 'replay', { call: call?.id })).toMatchObject({ body: { different: [] } });
  }, 60_000);

  it.each<[string, string, object | undefined]>([
    ['auditor', 'search', { value: customer.id }],
    ['auditor', 'export', { value: customer.id }],
    ['auditor', 'export', { include: 'transcripts' }],
    ['auditor', 'projection/rebuild', {}],
    ['examiner', 'projection/rebuild', {}],
    ['auditor', 'replay', { with: demoPolicy() }],
    ['operator', 'calls', undefined],
    ['operator', 'calls/x', undefined],
    ['operator', 'events', undefined],
    ['operator', 'search', {}],
    ['operator', 'sessions', undefined],
    ['operator', 'export', {}],
    ['risk-analyst', 'projection', undefined],
    ['no-role', 'search', { value: customer.id }],
  ])('%s is refused %s, on record', async (user, path, body) => {
    expect(await ask(user, path, body)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const refused = (await ledger.events()).findLast(({ type }) => type === 'LedgerReadRefused');
    expect(refused?.data['what']).toBe(path === 'calls/x' ? 'transcript' : path.replace('/', '-'));
    expect(JSON.stringify(refused)).not.toContain(customer.id);
  });
});

describe('the read model', () => {
  it('is rebuilt while the system runs, and answers the same', async () => {
    const before = await search({ value: customer.id });
    const { code, out } = await countersignAs(system, 'operator', ['ledger', 'rebuild']);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/calls +5,/) });
    expect(await search({ value: customer.id })).toEqual(before);
    expect((await countersignAs(system, 'auditor', ['ledger', 'status'])).code).toBe(0);
  }, 120_000);

  it('comes back when its files are deleted while the system is stopped', async () => {
    const before = await search({ value: customer.id });
    const countersign = serviceOf(system, 'countersign');
    await countersign.stop();
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(system.data, `projection.db${suffix}`), { force: true });
    await countersign.start();
    expect(await search({ value: customer.id })).toEqual(before);
  }, 120_000);
});
