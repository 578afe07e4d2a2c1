import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from './support/agents.js';
import { bankUpstream, startBank } from './support/bank.js';
import { clearIdentifiersIn, demoCustomer } from './support/personal-data.js';
import { demoPolicy } from './support/policies.js';
import { approver, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect, serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

interface Told {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: { readonly id?: string; readonly status?: string; readonly arguments?: unknown };
}

/** A reader of server-sent events that keeps what it was told. */
const listenAs = async (
  { urls, issuer }: PrivateSystem,
  user: string,
  { lastEventId, ttl_s = 3_600 }: { readonly lastEventId?: string; readonly ttl_s?: number } = {},
) => {
  const stop = new AbortController();
  const response = await fetch(`${urls.approval}/approvals/events`, {
    headers: {
      authorization: `Bearer ${await issuer.token(user, { ttl_s })}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: stop.signal,
  });
  const told: Told[] = [];
  let text = '';
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const event = field('event');
        if (event !== undefined)
          told.push({ id: field('id'), event, data: JSON.parse(field('data') ?? '{}') as Told['data'] });
      }
    }
  };
  const ended = response.ok ? read().catch(() => undefined) : Promise.resolve();
  const until = (what: string, isIt: (each: Told) => boolean) => waitUntil(what, () => told.find(isIt));
  return { response, told, ended, until, close: () => stop.abort() };
};

describe('the live list of approvals', () => {
  let running: { stage: Stage; system: PrivateSystem; engineer: Agent };
  beforeAll(async () => {
    const stage = await openStage();
    const bank = await startBank(stage);
    const settings = { approvals: { hold_ms: 200 } };
    const upstreams = [bankUpstream(bank)];
    const system = await startPrivate(stage, { policy: demoPolicy(), upstreams, settings });
    running = { stage, system, engineer: await connect(system, 'SDK v2', 'data-engineer', 'core-banking') };
  }, 60_000);
  afterAll(async () => {
    await running.engineer.close();
    await running.stage.close();
  });

  const ask = (notes: string) =>
    running.engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes } });
  const about = (mark: string, status: string) => (told: Told) =>
    told.data.status === status && JSON.stringify(told.data.arguments ?? null).includes(mark);

  it('tells what waits and each change, masked, to those who may see it and to nobody else', async () => {
    const { system } = running;
    await ask('before');
    const [manager, requester, stranger] = await Promise.all(
      ['manager-1', 'data-engineer', 'risk-analyst'].map((user) => listenAs(system, user)),
    );
    if (manager === undefined || requester === undefined || stranger === undefined) throw new Error('three');
    expect(manager.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await manager.until('what was there', about('before', 'pending'));
    await manager.until('the end of it', ({ event }) => event === 'current');
    await ask(`during ${demoCustomer(0).ssn}`);
    const news = await manager.until('the news', about('during', 'pending'));
    const rest = await approver(system, 'manager-1');
    const { digest } = await rest.one(news.data.id ?? '');
    await rest.deny(news.data.id ?? '', { digest, reason: 'no' });
    for (const reader of [manager, requester]) await reader.until('the denial', about('during', 'denied'));
    await stranger.until('nothing', ({ event }) => event === 'current');
    expect(stranger.told.map(({ event }) => event)).toEqual(['reset', 'current']);
    expect(clearIdentifiersIn(JSON.stringify(manager.told))).toEqual([]);
    for (const reader of [manager, requester, stranger]) reader.close();
  });

  it('goes on where a reader stopped, also after a restart of the gateway', async () => {
    const { system } = running;
    const first = await listenAs(system, 'manager-1');
    await first.until('the beginning', ({ event }) => event === 'current');
    const lastEventId = first.told.at(-1)?.id ?? '';
    first.close();
    await ask('missed');
    const gateway = serviceOf(system, 'countersign');
    await gateway.kill();
    await gateway.start();
    const rest = await approver(system, 'manager-1');
    await waitUntil('the rebuild', () => rest.list().catch(() => undefined));
    const second = await listenAs(system, 'manager-1', { lastEventId });
    await second.until('what was missed', about('missed', 'pending'));
    await second.until('the end of it', ({ event }) => event === 'current');
    expect(second.told.some(({ event }) => event === 'reset')).toBe(false);
    expect(second.told.filter(({ event }) => event === 'approval')).toHaveLength(1);
    second.close();
    // The place of somebody with other roles is none of theirs: they get their own list.
    const other = await listenAs(system, 'data-engineer', { lastEventId });
    await other.until('the end of it', ({ event }) => event === 'current');
    expect(other.told[0]?.event).toBe('reset');
    other.close();
  });

  it('ends with the token', async () => {
    const reader = await listenAs(running.system, 'manager-1', { ttl_s: 2 });
    expect(reader.response.status).toBe(200);
    await reader.ended;
    expect(reader.told.at(-1)?.event).toBe('current');
    expect((await listenAs(running.system, 'manager-1')).response.status).toBe(200);
  });

  it('is for so many readers of one caller; one more is refused, on record, until another one ends', async () => {
    const { system } = running;
    const open = await Promise.all(Array.from({ length: 5 }, () => listenAs(system, 'manager-2')));
    expect(open.map(({ response }) => response.status)).toEqual([200, 200, 200, 200, 200]);
    const refused = await listenAs(system, 'manager-2');
    expect(refused.response.status).toBe(429);
    expect((await listenAs(system, 'examiner')).response.status).toBe(200);
    const recorded = (await (await examiner(system)).events()).filter(
      ({ type, data }) => type === 'RequestRefused' && data['code'] === 'busy',
    );
    expect(recorded).toMatchObject([{ data: { where: 'approvals', about: { act: 'events' } } }]);
    open[0]?.close();
    const isFree = async () => (await listenAs(system, 'manager-2')).response.ok || undefined;
    expect(await waitUntil('a free place', isFree)).toBe(true);
    expect((await fetch(`${system.urls.approval}/approvals/events`)).status).toBe(401);
  });
});
