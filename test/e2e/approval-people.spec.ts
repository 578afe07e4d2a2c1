import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from './support/bank.js';
import { demoPolicyWith } from './support/policies.js';
import { type Approval, approver, examiner } from './support/rest.js';
import { openStage } from './support/stage.js';
import { startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const POLICY = demoPolicyWith(
  'approval: { by: [manager], count: 1, expires: 30m }',
  `approval:
      by: [manager]
      expires: 30m
      break_glass: { roles: [operator, policy-owner], review: [examiner], within: 2s }`,
).replace(/\ntests:[\s\S]*$/, '\n');

const start = async () => {
  const stage = await openStage();
  const bank = await startBank(stage);
  const system = await startPrivate(stage, {
    policy: POLICY,
    upstreams: [bankUpstream(bank)],

    settings: { approvals: { reminders_s: [1, 3_600] } },
  });
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  return { stage, bank, system, engineer, manager: await approver(system, 'manager-1') };
};

let running: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  running = await start();
}, 60_000);
afterAll(async () => {
  await running.engineer.close();
  await running.stage.close();
}, 30_000);

const update = (notes: string) =>
  running.engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes } });
const heldWith = (notes: string): Promise<Approval> =>
  waitUntil('a pending approval', async () =>
    (await running.manager.list('pending')).find((held) => JSON.stringify(held.arguments).includes(notes)),
  );
const eventsOf = async ({ callId }: Approval) =>
  (await (await examiner(running.system)).transcript(callId)).approval?.events ?? [];

describe('a call that nobody decides on', () => {
  it('is brought back to mind once for each reminder of the settings', async () => {
    const waiting = update('reminded');
    const held = await heldWith('reminded');
    await waitUntil('the reminder', async () =>
      (await eventsOf(held)).some(({ type }) => type === 'ApprovalReminded'),
    );
    await running.manager.approve(held.id, { digest: held.digest });
    expect((await waiting).isError).toBeFalsy();
    const events = await eventsOf(held);
    expect(events.map(({ type }) => type)).toEqual([
      'ApprovalRequested',
      'ApprovalReminded',
      'ApprovalVoted',
      'ApprovalGranted',
    ]);
    expect(events[0]?.data['reminders_s']).toEqual([1]);
  });
});

describe('an emergency', () => {
  it('opens a call to two humans of two roles, raises an alarm, and is reviewed by a third', async () => {
    const { system, bank } = running;
    const before = bank.stats().took_effect;
    const waiting = update('the house burns');
    const held = await heldWith('the house burns');
    const [operator, owner, other, reviewer] = await Promise.all(
      ['operator', 'policy-owner-1', 'policy-owner-2', 'examiner'].map((user) => approver(system, user)),
    );
    const why = { digest: held.digest, reason: 'the core system is down' };
    expect(await operator?.breakGlass(held.id, { digest: held.digest })).toMatchObject({
      status: 400,
      body: { code: 'reason_missing' },
    });
    expect(await operator?.breakGlass(held.id, why)).toMatchObject({ body: { status: 'pending' } });
    expect(await operator?.breakGlass(held.id, why)).toMatchObject({
      body: { code: 'approver_voted_already' },
    });
    expect(await reviewer?.breakGlass(held.id, why)).toMatchObject({
      body: { code: 'approver_not_eligible' },
    });
    expect(bank.stats().took_effect).toBe(before);
    expect(await owner?.breakGlass(held.id, why)).toMatchObject({
      body: { status: 'granted', how: 'break-glass' },
    });
    expect((await waiting).isError).toBeFalsy();
    expect(bank.stats().took_effect).toBe(before + 1);

    expect((await reviewer?.reviews())?.map(({ id }) => id)).toEqual([held.id]);
    await waitUntil('the overdue review', async () =>
      (await eventsOf(held)).some(({ type }) => type === 'ReviewOverdue'),
    );
    const verdict = { verdict: 'not_justified', reason: 'it could have waited' };
    expect(await owner?.review(held.id, verdict)).toMatchObject({ body: { code: 'approver_not_eligible' } });
    expect(await other?.review(held.id, verdict)).toMatchObject({ body: { code: 'approver_not_eligible' } });
    expect(await reviewer?.review(held.id, { verdict: 'not_justified' })).toMatchObject({
      body: { code: 'reason_missing' },
    });
    expect(await reviewer?.review(held.id, verdict)).toMatchObject({
      body: { review: { status: 'not_justified', reviewer: 'examiner', reason: 'it could have waited' } },
    });
    expect(await reviewer?.review(held.id, verdict)).toMatchObject({ body: { code: 'review_not_open' } });
    expect(await reviewer?.reviews()).toEqual([]);
  });

  it('is on record from the first attempt to the review, with each alarm once', async () => {
    const auditor = await examiner(running.system);
    const alarms = () => auditor.events().then((all) => all.filter(({ type }) => type === 'AlarmRaised'));
    await waitUntil('both alarms', async () => (await alarms()).length >= 2);
    expect((await alarms()).map(({ data }) => data['kind'])).toEqual([
      'break_glass_used',
      'break_glass_review_overdue',
    ]);
    const all = await auditor.events();
    const granted = all.find(({ type, data }) => type === 'ApprovalGranted' && data['how'] === 'break-glass');
    expect(
      all
        .filter(({ stream, revision }) => stream === granted?.stream && revision > 0)
        .map(({ type }) => type)
        .filter((type) => type !== 'ApprovalReminded'),
    ).toEqual([
      'BreakGlassInvoked',
      'BreakGlassInvoked',
      'ApprovalGranted',
      'ReviewRequired',
      'ReviewOverdue',
      'ApprovalReviewed',
    ]);
    const refused = all.filter(
      ({ type, data }) => type === 'RequestRefused' && JSON.stringify(data['about']).includes('"act":"'),
    );
    expect(refused.map(({ data }) => data['code'])).toEqual([
      'reason_missing',
      'approver_voted_already',
      'approver_not_eligible',
      'approver_not_eligible',
      'approver_not_eligible',
      'reason_missing',
      'review_not_open',
    ]);
  });
});
