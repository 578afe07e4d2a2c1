import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from './support/bank.js';
import { demoPolicyWith, withoutTests } from './support/policies.js';
import { type Approval, approver, examiner } from './support/rest.js';
import { openStage } from './support/stage.js';
import { startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const POLICY = withoutTests(
  demoPolicyWith(
    'approval: { by: [manager], count: 1, expires: 30m }',
    'approval: { all_of: [{ by: [manager] }, { by: [operator, manager], escalate: { after: 3s, to: [examiner] } }], expires: 30m }',
  ),
);

const start = async () => {
  const stage = await openStage();
  const bank = await startBank(stage);
  const system = await startPrivate(stage, { policy: POLICY, upstreams: [bankUpstream(bank)] });
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  const people = await Promise.all(
    ['manager-1', 'operator', 'data-engineer', 'manager-2'].map((user) => approver(system, user)),
  );
  return { stage, bank, system, engineer, people };
};

describe('a call whose rule names two groups', () => {
  let running: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    running = await start();
  }, 60_000);
  afterAll(async () => {
    await running.engineer.close();
    await running.stage.close();
  });
  const update = (notes: string) =>
    running.engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes } });
  const heldWith = (notes: string): Promise<Approval> =>
    waitUntil('a pending approval', async () =>
      (await running.people[0]?.list('pending'))?.find((held) =>
        JSON.stringify(held.arguments).includes(notes),
      ),
    );

  it('runs after one of each, and not after one person who meets both', async () => {
    const { people, bank } = running;
    const waiting = update('two groups');
    const held = await heldWith('two groups');
    expect(held.quorum).toEqual([
      { by: ['manager'], count: 1 },
      { by: ['manager', 'operator'], count: 1, escalate: { after_s: 3, to: ['examiner'] } },
    ]);
    expect(await people[0]?.approve(held.id, { digest: held.digest })).toMatchObject({
      body: { status: 'pending' },
    });
    expect(bank.stats().calls).toBe(0);
    expect(await people[1]?.approve(held.id, { digest: held.digest })).toMatchObject({
      body: { status: 'granted' },
    });
    expect((await waiting).isError).toBeFalsy();
    expect(bank.stats().took_effect).toBe(1);
  });

  it('escalates when nobody of a group votes in time, by the clock alone', async () => {
    const { people, system, bank } = running;
    const before = bank.stats().took_effect;
    const waiting = update('escalated');
    const held = await heldWith('escalated');
    const late = await approver(system, 'examiner');
    const vote = { digest: held.digest };
    expect(await late.approve(held.id, vote)).toMatchObject({ body: { code: 'approver_not_eligible' } });
    await waitUntil('the escalation', async () =>
      (await late.one(held.id)).quorum.some(({ by }) => by.includes('examiner')),
    );
    expect(await late.approve(held.id, vote)).toMatchObject({ body: { status: 'pending' } });
    expect(await people[3]?.approve(held.id, vote)).toMatchObject({ body: { status: 'granted' } });
    expect((await waiting).isError).toBeFalsy();
    expect(bank.stats().took_effect).toBe(before + 1);
    const { approval } = await (await examiner(system)).transcript(held.callId);
    expect(approval?.events.map(({ type }) => type)).toEqual([
      'ApprovalRequested',
      'ApprovalEscalated',
      'ApprovalVoted',
      'ApprovalVoted',
      'ApprovalGranted',
    ]);
  });

  it('is taken back by its requester alone, and then neither runs nor is approved', async () => {
    const { people, bank, system } = running;
    const before = bank.stats().calls;
    const ended = expect(update('taken back')).rejects.toThrow('wrong customer');
    const held = await heldWith('taken back');
    expect(await people[0]?.withdraw(held.id, {})).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await people[2]?.withdraw(held.id, { reason: 'wrong customer' })).toMatchObject({
      status: 200,
      body: { status: 'withdrawn', reason: 'wrong customer' },
    });
    await ended;
    expect(await people[2]?.withdraw(held.id, {})).toMatchObject({ body: { code: 'approval_closed' } });
    expect(await people[0]?.approve(held.id, { digest: held.digest })).toMatchObject({
      body: { code: 'approval_closed' },
    });
    expect(bank.stats().calls).toBe(before);
    const auditor = await examiner(system);
    expect((await auditor.transcript(held.callId)).outcome).toMatchObject({
      type: 'CallCancelled',
      reason: 'wrong customer',
    });
    const refused = (await auditor.events()).filter(
      ({ type, data }) =>
        type === 'RequestRefused' && JSON.stringify(data['about']).includes('"act":"withdraw"'),
    );
    expect(refused.map(({ data }) => data['code'])).toEqual(['forbidden', 'approval_closed']);
  });
});
