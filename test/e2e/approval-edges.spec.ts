import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DutiesReport } from '#core/approval/reports/duties-report.js';
import { bankUpstream, startBank } from './support/bank.js';
import { countersignAs } from './support/command.js';
import { holdUpdate } from './support/held-calls.js';
import { demoPolicyWith, withDelegates, withoutTests } from './support/policies.js';
import { type Approver, approver, examiner } from './support/rest.js';
import { openStage } from './support/stage.js';
import { startPrivate } from './support/standalone.js';

const POLICY = withDelegates(
  withoutTests(
    demoPolicyWith(
      'approval: { by: [manager], count: 1, expires: 30m }',
      `approval:
      by: [manager]
      expires: 30m
      grant: { uses: 5, for: 1h, same: [args.customer_id] }
      break_glass: { roles: [operator, policy-owner], review: [examiner], within: 1h }`,
    ),
  ),
);

const start = async () => {
  const stage = await openStage();
  const bank = await startBank(stage);
  const system = await startPrivate(stage, { policy: POLICY, upstreams: [bankUpstream(bank)] });
  return { stage, bank, system, manager: await approver(system, 'manager-1') };
};

let running: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  running = await start();
}, 60_000);
afterAll(() => running.stage.close());

/** Exit code 0, and what was printed. */
const run = async (user: string, ...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await countersignAs(running.system, user, args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
};
const refused = async (user: string, ...args: readonly string[]): Promise<string> => {
  const { code, err } = await countersignAs(running.system, user, args);
  expect(code).toBe(2);
  return err;
};
const hold = (notes: string) => holdUpdate(running.system, running.manager, notes);
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe('the command line', () => {
  it('takes a request back for who made it, and for nobody else', async () => {
    const before = running.bank.stats().took_effect;
    const { held, end } = await hold('taken back');
    const why = ['--reason', 'not needed any more'];
    expect(await refused('manager-1', 'approvals', 'withdraw', held.id, ...why)).toContain('[forbidden]');
    expect(await run('data-engineer', 'approvals', 'withdraw', held.id, ...why)).toContain(
      `approval ${held.id}: withdrawn`,
    );
    expect(await end()).toMatchObject({ data: { code: 'call_cancelled' } });
    expect(running.bank.stats().took_effect).toBe(before);
    expect(await refused('data-engineer', 'approvals', 'withdraw')).toContain('expected one approval id');
  });

  it('breaks the glass with two people, lists the review that is due, and takes the verdict', async () => {
    const { held, end } = await hold('house on fire');
    const why = ['--digest', held.digest, '--reason', 'core system down'];
    expect(await run('operator', 'approvals', 'break-glass', held.id, ...why)).toContain(
      'broken by operator, "core system down"',
    );
    expect(await run('policy-owner-1', 'approvals', 'break-glass', held.id, ...why)).toMatch(/granted|used/);
    expect(await end()).not.toMatchObject({ isError: true });
    expect(await run('examiner', 'approvals', '--review', 'due')).toContain(held.id);
    const verdict = ['--verdict', 'justified', '--reason', 'as the log shows'];
    expect(await run('examiner', 'approvals', 'review', held.id, ...verdict)).toContain(
      'examiner: justified, "as the log shows"',
    );
    expect(await run('examiner', 'approvals', '--review', 'due')).not.toContain(held.id);
  });

  it('revokes a grant', async () => {
    const { held, end } = await hold('granted for more');
    await running.manager.approve(held.id, { digest: held.digest });
    await end();
    expect(await run('manager-1', 'approvals', 'revoke', held.id, '--reason', 'card blocked')).toContain(
      'revoked by manager-1: "card blocked"',
    );
  });

  it('gives, lists, uses and revokes a delegation, and reports for whom the delegate voted', async () => {
    const { issuer } = running.system;
    const terms = ['--to', 'operator', '--issuer', issuer.url, '--roles', 'manager', '--reason', 'holiday'];
    const given = await run('manager-1', 'delegations', 'give', ...terms, '--until', inAnHour());
    const [id = ''] = given.split(' ');
    expect(await run('operator', 'delegations', 'list')).toContain(
      'from       manager-1 to operator: holiday',
    );
    const { held, end } = await hold('by a deputy');
    const vote = ['--digest', held.digest, '--delegation', id];
    expect(await run('operator', 'approve', held.id, ...vote)).toContain(
      'operator on behalf of manager-1: approve',
    );
    await end();
    const report = ['approvals', 'report', 'duties'];
    const { pairs } = JSON.parse(await run('auditor', ...report, '--json')) as DutiesReport;
    expect(pairs).toContainEqual(
      expect.objectContaining({
        approver: expect.objectContaining({ principal: 'operator' }),
        onBehalfOf: { principal: 'manager-1', issuer: issuer.url, subject: 'manager-1' },
        self: false,
      }),
    );
    expect(await run('auditor', ...report)).toMatch(/operator +manager-1 +data-engineer +1 +0/);
    expect(await run('auditor', ...report, '--csv')).toContain(`,manager-1,${issuer.url},manager-1,`);
    expect(await run('auditor', 'approvals', 'report', 'decisions')).toMatch(/granted .* 1$/m);
    // So that the next call is held again.
    await run('manager-1', 'approvals', 'revoke', held.id);
    expect(await run('manager-1', 'delegations', 'revoke', id)).toContain(`${id}  revoked`);
    expect(await run('manager-1', 'delegations')).toBe('no delegations\n');
  });

  it('is told when a time has no offset, instead of having it read in the zone of the server', async () => {
    const { issuer } = running.system;
    const terms = ['--to', 'operator', '--issuer', issuer.url, '--roles', 'manager', '--reason', 'holiday'];
    const local = inAnHour().slice(0, 19);
    const told = [
      await refused('manager-1', 'delegations', 'give', ...terms, '--until', local),
      await refused('manager-1', 'delegations', 'give', ...terms, '--until', inAnHour(), '--from', local),
      await refused('auditor', 'approvals', 'report', 'duties', '--from', local),
      await refused('auditor', 'approvals', 'report', 'duties', '--to', '2026-01-01'),
    ];
    for (const each of told) expect(each).toMatch(/an instant with its offset.*\[body_invalid\]/s);
  });
});

describe('an approval that somebody may not see', () => {
  const ACTS: readonly (readonly [string, (by: Approver, id: string, digest: string) => Promise<object>])[] =
    [
      ['approve', (by, id, digest) => by.approve(id, { digest })],
      ['deny', (by, id, digest) => by.deny(id, { digest, reason: 'no' })],
      ['approve for somebody else', (by, id, digest) => by.approve(id, { digest, delegation: 'd-1' })],
      ['withdraw', (by, id) => by.withdraw(id, {})],
      ['break the glass', (by, id, digest) => by.breakGlass(id, { digest, reason: 'fire' })],
      ['review', (by, id) => by.review(id, { verdict: 'justified', reason: 'fine' })],
      ['revoke', (by, id) => by.revoke(id, {})],
    ];

  it('answers every act as one that does not exist, right digest or not, and each is on record', async () => {
    const { held, end } = await hold('nothing to see');
    const outsider = await approver(running.system, 'risk-analyst');
    const unknown = randomUUID();
    for (const [name, act] of ACTS) {
      const onHeld = await act(outsider, held.id, held.digest);
      expect({ name, ...onHeld }).toEqual({ name, ...(await act(outsider, unknown, held.digest)) });
      expect(onHeld).toMatchObject({ status: 404, body: { code: 'approval_unknown' } });
    }
    expect(await running.manager.one(held.id)).toMatchObject({ status: 'pending', votes: [] });
    const recorded = (await (await examiner(running.system)).events())
      .filter(({ type, data }) => type === 'RequestRefused' && JSON.stringify(data).includes(held.id))
      .filter(({ data }) => data['code'] === 'approval_unknown');
    expect(recorded).toHaveLength(ACTS.length);
    // Who asked may see it: the exact refusal.
    const requester = await approver(running.system, 'data-engineer');
    expect(await requester.approve(held.id, { digest: held.digest })).toMatchObject({
      body: { code: 'approver_is_requester' },
    });
    await running.manager.deny(held.id, { digest: held.digest, reason: 'no' });
    await end();
  });
});
