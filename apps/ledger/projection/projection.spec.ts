import { createHmac, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { maskingIndex, maskingIndexQuery, maskingOpen } from '#contracts/masking.js';
import type { Json } from '#core/evidence/canonical-json.js';
import { type IndexTerm, indexTerms, queryTerms } from '#core/search/index-terms.js';
import { type History, openHistory, type Sketch } from '../history.fixture.js';
import type { CallFilter, CallPage } from './call-filter.js';
import { Projection } from './projection.js';
import { ValueIndex } from './value-index.js';

let history: History;
let file: string;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  history = await openHistory();
  file = join(history.folder, 'projection.db');
});
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
afterAll(() => history.close());

const open = (): Projection => {
  const projection = new Projection(history.store, file);
  opened.push(projection);
  return projection;
};

interface Who {
  readonly principal: string;
  readonly client?: string;
  readonly agent?: string | null;
  readonly at?: string;
}

const DECIDED: Sketch = {
  type: 'CallDecided',
  data: { policyDigest: 'sha256:p', decision: { effect: 'allow', kind: 'read', rules: ['R-1', 'R-2'] } },
};

/** One call that has come to its end, with arguments and a result. */
const record = async (
  { principal, client = 'c', agent = 'a', at = '2026-11-22T12:00:00.000Z' }: Who,
  args: Json = {},
  result: Json = {},
): Promise<string> => {
  const id = randomUUID();
  history.clock.time = at;
  const data = {
    caller: { principal, client },
    agent: agent === null ? null : { name: agent, version: '1' },
    server: 's',
    tool: 'get',
  };
  const requested: Sketch = { type: 'CallRequested', data, sealed: { name: 'get', arguments: args } };
  await history.record(
    `call-${id}`,
    -1,
    requested,
    DECIDED,
    { type: 'ForwardIntended' },
    { type: 'CallReturned', sealed: result },
    { type: 'ResultMasked', data: { counts: { US_SSN: 2 } } },
    { type: 'CallCompleted', data: { outcome: 'result' } },
  );
  return id;
};

const list = (
  projection: Projection,
  filter: CallFilter,
  tokens?: readonly Uint8Array[],
): Promise<CallPage> => projection.list({ filter, tokens, order: 'oldest', limit: 100 });
const idsOf = ({ items }: CallPage): readonly string[] => items.map(({ id }) => id);

describe('a list of calls', () => {
  it('is found by each thing that is on record of a call', async () => {
    const principal = randomUUID();
    const id = await record({ principal, client: 'cli', agent: 'robot' });
    const projection = open();
    const [item] = (await list(projection, { principal })).items;
    expect(item).toMatchObject({
      id,
      client: 'cli',
      agent: 'robot',
      session: id,
      effect: 'read',
      decision: 'allow',
      rules: ['R-1', 'R-2'],
      policyDigest: 'sha256:p',
      outcome: 'completed',
      masked: { US_SSN: 2 },
    });
    const fits: readonly CallFilter[] = [
      { client: 'cli' },
      { agent: 'robot' },
      { session: id },
      { method: 'tools/call' },
      { server: 's' },
      { tool: 'get' },
      { effect: 'read' },
      { rule: 'R-2' },
      { decision: 'allow' },
      { policyDigest: 'sha256:p' },
      { outcome: 'completed' },
      { masked: 'US_SSN' },
      { from: '2026-11-22T12:00:00.000Z', to: '2026-11-22T12:00:00.001Z' },
    ];
    for (const filter of fits)
      expect(idsOf(await list(projection, { principal, ...filter })), JSON.stringify(filter)).toEqual([id]);
    const others: readonly CallFilter[] = [
      { client: 'x' },
      { agent: 'x' },
      { session: randomUUID() },
      { method: 'x' },
      { server: 'x' },
      { tool: 'x' },
      { effect: 'write' },
      { rule: 'R-3' },
      { decision: 'deny' },
      { policyDigest: 'sha256:q' },
      { outcome: 'failed' },
      { masked: 'PAN' },
      { approvalId: 'x' },
      { from: '2026-11-22T12:00:00.001Z' },
      { to: '2026-11-22T12:00:00.000Z' },
    ];
    for (const filter of others)
      expect(idsOf(await list(projection, { principal, ...filter })), JSON.stringify(filter)).toEqual([]);
  });

  it('of pages shows each call once, in either order, while calls are being recorded', async () => {
    const principal = randomUUID();
    const before: string[] = [];
    for (let n = 0; n < 25; n++) before.push(await record({ principal }));
    const projection = open();
    for (const order of ['oldest', 'newest'] as const) {
      const seen: string[] = [];
      for (let after: number | undefined; ; ) {
        const page = await projection.list({ filter: { principal }, order, after, limit: 7 });
        seen.push(...idsOf(page));
        const late = await record({ principal: `${principal}-other` });
        expect(seen).not.toContain(late);
        if (order === 'newest') await record({ principal });
        if (page.next === null) break;
        after = page.next;
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(order === 'oldest' ? seen : seen.toReversed()).toEqual(before);
    }
  });
});

describe('sessions', () => {
  it('are the calls of one caller through one client and agent, without a pause of 30 minutes', async () => {
    const principal = randomUUID();
    const at = (minute: number): string => new Date(Date.UTC(2026, 10, 22, 12, minute)).toISOString();
    const first = await record({ principal, at: at(0) });
    await record({ principal, at: at(30) });
    const other = await record({ principal, agent: 'b', at: at(31) });
    await record({ principal, at: at(60) });
    const late = await record({ principal, at: at(91) });
    const unnamed = await record({ principal, agent: null, at: at(91) });
    const projection = open();
    const { items } = await projection.sessions({ principal }, 10);
    expect(items.map(({ id, agent, calls }) => [id, agent, calls])).toEqual([
      [unnamed, null, 1],
      [late, 'a', 1],
      [other, 'b', 1],
      [first, 'a', 3],
    ]);
    expect(items.at(-1)).toMatchObject({ first: at(0), last: at(60), writes: 0, outcomes: { completed: 3 } });
    const page = await projection.sessions({ principal }, 3);
    const rest = await projection.sessions({ principal }, 3, page.next ?? undefined);
    expect([...page.items, ...rest.items]).toEqual(items);
    expect(rest.next).toBeNull();
  });
});

describe('the read model', () => {
  const everything = async (projection: Projection) => (await list(projection, {})).items;

  it('comes back the same after it was dropped, while questions are asked', async () => {
    const projection = open();
    const before = await everything(projection);
    expect(before.length).toBeGreaterThan(20);
    for (let round = 0; round < 10; round++) {
      const asked = everything(projection);
      await Promise.all([projection.rebuild(), projection.rebuild()]);
      expect(await asked).toEqual(before);
      expect(await everything(projection)).toEqual(before);
    }
  });

  it.each([
    ['was deleted', () => rm(file)],
    ['is damaged', () => writeFile(file, 'no database at all'.repeat(1_000))],
    ['is empty', () => writeFile(file, '')],
  ])('comes back the same when its file %s', async (_, harm) => {
    const first = new Projection(history.store, file);
    const before = await everything(first);
    await first.close();
    await harm();
    expect(await everything(open())).toEqual(before);
  });

  it('goes on behind events that it cannot read, and counts them', async () => {
    const principal = randomUUID();
    const projection = open();
    await everything(projection);
    const { unknown } = await projection.progress();
    const id = await record({ principal });
    const command = history.append(`call-${id}`, 5, { type: 'CallFailed' });
    const later = command.events.map((event) => {
      const entry = Buffer.from(Buffer.from(event.entry).toString().replace('"v":1', '"v":9'));
      return { ...event, entry };
    });
    await history.store.append(`call-${id}`, 5, later);
    const future = history.append(`call-${id}`, 6, { type: 'FutureThing' as 'CallFailed' });
    await history.store.append(`call-${id}`, 6, future.events);
    const broken = history.append(`call-${id}`, 7, { type: 'CallFailed' });
    const noJson = broken.events.map((event) => ({ ...event, entry: Buffer.from('{') }));
    await history.store.append(`call-${id}`, 7, noJson);
    const [item] = (await list(projection, { principal })).items;
    expect(item?.outcome).toBe('unknown_version');
    expect((await projection.progress()).unknown).toBe(unknown + 3);
  });
});

/** Answers as masking does, with a key of the test. */
const maskingWith = (secret: { key: string }): Bus => ({
  request: async (contract, request) => {
    const tokenOf = (term: IndexTerm): Uint8Array =>
      createHmac('sha256', secret.key).update(JSON.stringify(term)).digest().subarray(0, 8);
    if (contract.subject === maskingIndexQuery.subject) {
      const { value, field } = request as { value: string; field?: string };
      return contract.reply.parse({ key: secret.key, tokens: queryTerms(value, field).map(tokenOf) });
    }
    if (contract.subject !== maskingIndex.subject) throw new Error(contract.subject);
    const { payloads } = request as {
      payloads: readonly { sealed: Uint8Array; commit: `sha256:${string}` }[];
    };
    const answers = payloads.map(async (payload) => {
      const { bytes } = await history.bus.request(maskingOpen, { ...payload, purpose: 'transcript' });
      const { terms, truncated } = indexTerms(JSON.parse(Buffer.from(bytes).toString()) as Json);
      return { tokens: Buffer.concat(terms.map(tokenOf)), truncated };
    });
    return contract.reply.parse({ key: secret.key, payloads: await Promise.all(answers) });
  },
  close: async () => undefined,
});

describe('a search for a value', () => {
  const openIndex = (secret = { key: 'k1' }) => {
    const projection = open();
    const index = new ValueIndex(projection, history.store, maskingWith(secret), undefined);
    opened.push(index);
    const find = async (value: string, field?: string) => {
      const { key, tokens } = await index.query(value, field);
      return (await index.list({ filter: {}, tokens, order: 'oldest', limit: 100 }, key)).items;
    };
    return { projection, find };
  };
  const customer = (): string => `C-${randomUUID().slice(0, 8)}`;

  it('finds every call that it stands in, in order, and says where', async () => {
    const value = customer();
    const first = await record({ principal: 'ana' }, { customer_id: value });
    await record({ principal: 'ana' }, { customer_id: customer() });
    const second = await record({ principal: 'bob' }, {}, { structuredContent: { id: value } });
    const third = await record(
      { principal: 'bob' },
      { id: value },
      { content: [{ type: 'text', text: value }] },
    );
    const { find } = openIndex();
    expect((await find(value)).map(({ id, found }) => [id, found])).toEqual([
      [first, ['arguments']],
      [second, ['result']],
      [third, ['arguments', 'result']],
    ]);
    expect((await find(value, 'customerId')).map(({ id }) => id)).toEqual([first]);
    const fourth = await record({ principal: 'ana' }, { customer_id: value });
    expect((await find(value)).at(-1)?.id).toBe(fourth);
  });

  it('finds the same after the read model was dropped', async () => {
    const value = customer();
    await record({ principal: 'ana' }, { customer_id: value });
    const { projection, find } = openIndex();
    const before = await find(value);
    expect(before).toHaveLength(1);
    for (let round = 0; round < 5; round++) {
      const asked = find(value);
      await projection.rebuild();
      expect(await asked).toEqual(before);
      expect(await find(value)).toEqual(before);
    }
  });

  it('finds the same with another key, and leaves no token of the first', async () => {
    const value = customer();
    await record({ principal: 'ana' }, { customer_id: value });
    const secret = { key: 'k1' };
    const { projection, find } = openIndex(secret);
    const before = await find(value);
    const { tokens } = await maskingWith(secret).request(maskingIndexQuery, { value });
    expect((await list(projection, {}, tokens)).items).toHaveLength(1);
    secret.key = 'k2';
    expect(await find(value)).toEqual(before);
    expect((await list(projection, {}, tokens)).items).toEqual([]);
    expect((await projection.progress()).index.key).toBe('k2');
  });

  it('counts the calls that were too large to be indexed completely', async () => {
    const principal = randomUUID();
    await record({ principal }, { values: Array.from({ length: 9_000 }, (_, n) => `x-${n}`) });
    await record({ principal }, { value: 'x-1' });
    const { projection, find } = openIndex();
    expect((await find('x-1')).length).toBeGreaterThanOrEqual(2);
    const search = { filter: { principal }, order: 'oldest', limit: 1 } as const;
    expect(await projection.countTruncated(search)).toBe(1);
    expect(await projection.countTruncated({ ...search, filter: { principal: 'nobody' } })).toBe(0);
  });
});
