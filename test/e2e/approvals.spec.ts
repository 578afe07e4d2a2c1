import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, refusalOf, textOf } from './support/agents.js';
import { bankUpstream, startBank } from './support/bank.js';
import { demoCustomer } from './support/personal-data.js';
import { demoPolicy, demoPolicyWith, policyWithExpiry } from './support/policies.js';
import { type Approval, approver, examiner } from './support/rest.js';
import { openStage } from './support/stage.js';
import { type PrivateSystem, type Settings, startPrivate } from './support/standalone.js';
import { connect, serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

type Approver = Awaited<ReturnType<typeof approver>>;
const FROM = demoCustomer(0).accounts[0]?.account_number ?? '';
const TO = demoCustomer(1).accounts[0]?.account_number ?? '';

const start = async (policy: string, settings: Settings = {}) => {
  const stage = await openStage();
  const bank = await startBank(stage);
  const system = await startPrivate(stage, { policy, upstreams: [bankUpstream(bank)], settings });
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  const [manager, other] = await Promise.all([approver(system, 'manager-1'), approver(system, 'manager-2')]);
  return { stage, bank, system, engineer, manager, other };
};
type Running = Awaited<ReturnType<typeof start>>;

const pendingOf = (
  manager: Approver,
  isIt: (approval: Approval) => boolean = () => true,
): Promise<Approval> =>
  waitUntil('a pending approval', async () => (await manager.list('pending')).find(isIt));
const update = (notes: string) => ({ customer_id: 'C-1003', fields: { notes } });
const aboutNotes = (notes: string) => (approval: Approval) =>
  JSON.stringify(approval.arguments).includes(notes);
const typesOf = async (system: PrivateSystem, callId: string) =>
  (await (await examiner(system)).transcript(callId)).events.map(({ type }) => type);

describe('a call that is held', () => {
  let running: Running;
  beforeAll(async () => {
    running = await start(demoPolicy());
  }, 60_000);
  afterAll(async () => {
    await running.engineer.close();
    await running.stage.close();
  });

  it('above 10,000 needs two different managers', async () => {
    const { engineer, manager, other, bank } = running;
    const waiting = engineer.call('transfer_funds', {
      from_account: FROM,
      to_account: TO,
      amount: '10000.01',
    });
    const held = await pendingOf(manager);
    expect(held.reasons.map(({ id }) => id)).toEqual(expect.arrayContaining(['DE-1', 'HR-1']));
    expect(Math.max(...held.quorum.map(({ count }) => count))).toBe(2);
    const vote = { digest: held.digest };
    expect(await manager.approve(held.id, vote)).toMatchObject({ status: 200, body: { status: 'pending' } });
    expect(await manager.approve(held.id, vote)).toMatchObject({
      status: 409,
      body: { code: 'approver_voted_already' },
    });
    expect(bank.stats().calls).toBe(0);
    expect((await other.approve(held.id, vote)).status).toBe(200);
    expect((await waiting).isError).toBeFalsy();
    expect(bank.stats().log).toMatchObject([
      { tool: 'transfer_funds', took_effect: true, arguments: { amount: '10000.01' } },
    ]);
  });

  it('of 10,000 needs one', async () => {
    const { engineer, manager, bank } = running;
    const before = bank.stats().took_effect;
    const waiting = engineer.call('transfer_funds', {
      from_account: FROM,
      to_account: TO,
      amount: '10000.00',
    });
    const held = await pendingOf(manager);
    await manager.approve(held.id, { digest: held.digest });
    expect((await waiting).isError).toBeFalsy();
    expect(bank.stats().took_effect).toBe(before + 1);
  });

  it('can be denied with a reason, which the agent reads; without a reason it cannot', async () => {
    const { engineer, manager, bank, system } = running;
    const before = bank.stats().calls;
    const waiting = engineer.call('update_customer', update('denied'));
    const held = await pendingOf(manager, aboutNotes('denied'));
    expect(await manager.deny(held.id, { digest: held.digest })).toMatchObject({
      status: 400,
      body: { code: 'reason_missing' },
    });
    expect(await manager.deny(held.id, { digest: held.digest, reason: '   ' })).toMatchObject({
      body: { code: 'reason_missing' },
    });
    expect((await manager.deny(held.id, { digest: held.digest, reason: 'wrong branch' })).status).toBe(200);
    const result = await waiting;
    expect(refusalOf(result)).toBe('approval_denied');
    expect(textOf(result)).toContain('wrong branch');
    expect(bank.stats().calls).toBe(before);
    await waitUntil(
      'its end on record',
      async () => (await typesOf(system, held.callId)).at(-1) === 'CallDenied',
    );
  });

  it('is withdrawn when the agent cancels it, and can be approved no more', async () => {
    const { engineer, manager, bank, system } = running;
    const before = bank.stats().calls;
    const abort = new AbortController();
    const waiting = engineer.call('update_customer', update('cancelled'), { signal: abort.signal });
    const ended = expect(waiting).rejects.toThrow();
    const held = await pendingOf(manager, aboutNotes('cancelled'));
    abort.abort();
    await ended;
    await waitUntil('the withdrawal', async () => (await manager.one(held.id)).status === 'withdrawn');
    expect(await manager.approve(held.id, { digest: held.digest })).toMatchObject({
      status: 409,
      body: { code: 'approval_closed' },
    });
    await waitUntil(
      'its end on record',
      async () => (await typesOf(system, held.callId)).at(-1) === 'CallCancelled',
    );
    expect(bank.stats().calls).toBe(before);
  });

  it('twice at the same time shares one approval and is forwarded once', async () => {
    const { engineer, manager, bank, system } = running;
    const before = bank.stats().by_tool['update_customer'] ?? 0;
    const twin: Agent = await connect(system, 'SDK v1', 'data-engineer', 'core-banking');
    const first = engineer.call('update_customer', update('twins'));
    const held = await pendingOf(manager, aboutNotes('twins'));
    const second = twin.call('update_customer', update('twins'));
    await waitUntil('the repetition on record', async () =>
      (await typesOf(system, held.callId)).includes('CallRepeated'),
    );
    expect((await manager.list('pending')).filter(aboutNotes('twins'))).toHaveLength(1);
    await manager.approve(held.id, { digest: held.digest });
    const results = await Promise.all([first, second]);
    expect(results.map(({ isError }) => isError === true).sort()).toEqual([false, true]);
    expect(refusalOf(results.find(({ isError }) => isError === true) ?? { content: [] })).toBe(
      'revision_conflict',
    );
    expect(bank.stats().by_tool['update_customer']).toBe(before + 1);
    await twin.close();
  });
});

describe('a call that waits longer than a client does', () => {
  let running: Running;
  beforeAll(async () => {
    running = await start(demoPolicy(), { approvals: { hold_ms: 300 } });
  }, 60_000);
  afterAll(async () => {
    await running.engineer.close();
    await running.stage.close();
  });

  const pend = async (engineer: Agent, notes: string): Promise<string> => {
    const result = await engineer.call('update_customer', update(notes));
    expect(refusalOf(result)).toBe('approval_pending');
    const id = result._meta?.['countersign/refusal']?.approvalId ?? '';
    expect(textOf(result)).toContain(id);
    return id;
  };

  it('is told the approval, attaches to it when it is sent again, runs once, and asks anew the next time', async () => {
    const { engineer, manager, bank } = running;
    const id = await pend(engineer, 'repeated');
    expect(await pend(engineer, 'repeated')).toBe(id);
    expect(await pend(engineer, 'something else')).not.toBe(id);
    const { digest } = await manager.one(id);
    await manager.approve(id, { digest });
    expect(bank.stats().calls).toBe(0);
    expect((await engineer.call('update_customer', update('repeated'))).isError).toBeFalsy();
    expect(bank.stats().log).toMatchObject([{ arguments: update('repeated'), took_effect: true }]);
    expect(await pend(engineer, 'repeated')).not.toBe(id);
    expect(bank.stats().calls).toBe(1);
  });

  it("is not found by another person's identical call", async () => {
    const { engineer, system } = running;
    const id = await pend(engineer, 'mine');
    const analyst = await connect(system, 'SDK v2', 'risk-analyst', 'core-banking');
    const result = await analyst.call('update_customer', update('mine'));
    expect(refusalOf(result)).toBe('call_denied');
    expect(textOf(result)).not.toContain(id);
    await analyst.close();
  });

  it('survives SIGKILL of the whole gateway, before and after its approval', async () => {
    const { engineer, manager, bank, system } = running;
    const gateway = serviceOf(system, 'countersign');
    const before = bank.stats().calls;
    const id = await pend(engineer, 'survives');
    await gateway.kill();
    await gateway.start();
    const again = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    await waitUntil(
      'the same approval',
      async () => (await manager.one(id).catch(() => undefined))?.status === 'pending',
    );
    expect(await pend(again, 'survives')).toBe(id);
    await manager.approve(id, { digest: (await manager.one(id)).digest });
    await gateway.kill();
    await gateway.start();
    await waitUntil(
      'the grant',
      async () => (await manager.one(id).catch(() => undefined))?.status === 'granted',
    );
    const third = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    expect((await third.call('update_customer', update('survives'))).isError).toBeFalsy();
    expect(bank.stats().calls).toBe(before + 1);
    await again.close();
    await third.close();
  }, 60_000);

  it('is never forwarded under another policy than the one it was approved under', async () => {
    const { manager, bank, system } = running;
    const gateway = serviceOf(system, 'countersign');
    const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    const before = bank.stats().calls;
    const id = await pend(engineer, 'policy changes');
    await manager.approve(id, { digest: (await manager.one(id)).digest });
    await gateway.kill();
    await writeFile(system.policyFile, demoPolicyWith('count: 1, expires: 30m', 'count: 1, expires: 29m'));
    await gateway.start();
    const after = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    await waitUntil(
      'the approvals',
      async () => (await manager.one(id).catch(() => undefined)) !== undefined,
    );
    expect(await pend(after, 'policy changes')).not.toBe(id);
    expect(bank.stats().calls).toBe(before);
    await engineer.close();
    await after.close();
  }, 60_000);

  it('replays without a difference', async () => {
    const { different } = await (await examiner(running.system)).replay();
    expect(different).toEqual([]);
  });
});

describe('an approval that expires', () => {
  it('ends the waiting call; nobody can approve it later and nothing is forwarded', async () => {
    const { stage, engineer, manager, bank, system } = await start(policyWithExpiry(2));
    const waiting = engineer.call('update_customer', update('too late'));
    const held = await pendingOf(manager);
    expect(refusalOf(await waiting)).toBe('approval_expired');
    const { body } = await manager.approve(held.id, { digest: held.digest });
    expect(body.code).toMatch(/^approval_(expired|closed)$/);
    await waitUntil(
      'its end on record',
      async () => (await typesOf(system, held.callId)).at(-1) === 'CallDenied',
    );
    expect(bank.stats().calls).toBe(0);
    await engineer.close();
    await stage.close();
  }, 60_000);

  it('is of no use when it was granted in time and used too late', async () => {
    const { stage, engineer, manager, bank } = await start(policyWithExpiry(2), {
      approvals: { hold_ms: 200 },
    });
    const first = await engineer.call('update_customer', update('unused'));
    const held = await pendingOf(manager);
    expect(first._meta?.['countersign/refusal']?.approvalId).toBe(held.id);
    expect((await manager.approve(held.id, { digest: held.digest })).status).toBe(200);
    await waitUntil('the expiry', async () => (await manager.one(held.id)).status === 'expired');
    const late = await engineer.call('update_customer', update('unused'));
    expect(refusalOf(late)).toBe('approval_pending');
    expect(late._meta?.['countersign/refusal']?.approvalId).not.toBe(held.id);
    expect(bank.stats().calls).toBe(0);
    await engineer.close();
    await stage.close();
  }, 60_000);
});
