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
  'approval: { by: [manager], count: 1, expires: 30m }',
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
