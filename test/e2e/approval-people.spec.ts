import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from './support/bank.js';
import { pendingWith } from './support/held-calls.js';
import { demoPolicyWith, withDelegates, withoutTests } from './support/policies.js';
import { type Approval, approver, examiner } from './support/rest.js';
import { openStage } from './support/stage.js';
import { startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const POLICY = withDelegates(
  withoutTests(
    demoPolicyWith(
      'approval: { by: [manager], count: 1, expires: 30m }',
      `approval:
      by: [manager]
      expires: 30m
      break_glass: { roles: [operator, policy-owner], review: [examiner], within: 2s }`,
    ),
  ),
);

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
});

const update = (notes: string) =>
  running.engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes } });
const heldWith = (notes: string) => pendingWith(running.manager, notes);
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

describe('a delegate', () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
  const toOperator = async () => ({
    to: { issuer: running.system.issuer.url, subject: 'operator', principal: 'operator' },
    roles: ['manager'],
    until: inAnHour(),
    uses: 1,
    servers: ['core-banking'],
    reason: 'holiday',
  });
  let delegation: { readonly id: string };

  it('is made by who holds the role, within what policy lets, and sees what they may vote on', async () => {
    const { system } = running;
    const [manager, operator, owner] = await Promise.all(
      ['manager-1', 'operator', 'policy-owner-1'].map((user) => approver(system, user)),
    );
    const terms = await toOperator();
    const longer = { ...terms, until: new Date(Date.now() + 86_400_000 + 60_000).toISOString() };
    expect(await manager?.delegate(longer)).toMatchObject({ body: { code: 'delegation_refused' } });
    expect(await operator?.delegate(terms)).toMatchObject({ body: { code: 'delegation_refused' } });
    expect(await manager?.delegate({ ...terms, roles: [] })).toMatchObject({
      body: { code: 'body_invalid' },
    });
    const given = await manager?.delegate(terms);
    expect(given).toMatchObject({ status: 200, body: { status: 'granted', used: 0 } });
    delegation = given?.body as { id: string };
    expect((await operator?.delegations())?.map(({ id }) => id)).toEqual([delegation.id]);
    expect(await owner?.delegations()).toEqual([]);
  });

  it('votes with the roles of the delegator, once and not twice, and on record for whom', async () => {
    const { bank, system } = running;
    const before = bank.stats().took_effect;
    const waiting = update('by a deputy');
    const held = await heldWith('by a deputy');
    const [operator, owner] = await Promise.all(
      ['operator', 'policy-owner-1'].map((user) => approver(system, user)),
    );
    const vote = { digest: held.digest, delegation: delegation.id };
    expect(await owner?.approve(held.id, vote)).toMatchObject({ body: { code: 'delegation_unknown' } });
    expect(await operator?.approve(held.id, { delegation: delegation.id })).toMatchObject({
      body: { code: 'digest_mismatch' },
    });
    expect(await operator?.approve(held.id, vote)).toMatchObject({ body: { status: 'granted' } });
    expect((await waiting).isError).toBeFalsy();
    expect(bank.stats().took_effect).toBe(before + 1);
    const voted = (await eventsOf(held)).find(({ type }) => type === 'ApprovalVoted');
    expect(voted?.data).toMatchObject({
      approver: { principal: 'operator' },
      roles: ['manager'],
      onBehalfOf: { delegation: delegation.id, person: { principal: 'manager-1' } },
    });
    const another = update('by a deputy again').catch(() => undefined);
    const next = await heldWith('by a deputy again');
    expect(await operator?.approve(next.id, { ...vote, digest: next.digest })).toMatchObject({
      body: { code: 'delegation_refused' },
    });
    await running.manager.deny(next.id, { digest: next.digest, reason: 'enough' });
    await another;
  });

  it('has nothing left once it is revoked', async () => {
    const { system } = running;
    const [manager, operator, owner] = await Promise.all(
      ['manager-1', 'operator', 'policy-owner-1'].map((user) => approver(system, user)),
    );
    const given = await manager?.delegate({ ...(await toOperator()), uses: 5 });
    const id = given?.body.id ?? '';
    expect(await owner?.revokeDelegation(id)).toMatchObject({
      status: 404,
      body: { code: 'delegation_unknown' },
    });
    expect(await operator?.revokeDelegation(id)).toMatchObject({ body: { status: 'revoked' } });
    const waiting = update('too late for a deputy').catch(() => undefined);
    const held = await heldWith('too late for a deputy');
    const vote = { digest: held.digest, delegation: id };
    expect(await operator?.approve(held.id, vote)).toMatchObject({ body: { code: 'delegation_refused' } });
    await manager?.deny(held.id, { digest: held.digest, reason: 'enough' });
    await waiting;
    const all = await (await examiner(system)).events();
    const types = all.filter(({ stream }) => stream.startsWith('delegation-')).map(({ type }) => type);
    expect(types).toEqual(['DelegationGranted', 'DelegationUsed', 'DelegationGranted', 'DelegationRevoked']);
  });
});
