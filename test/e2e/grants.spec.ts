import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, refusalOf, type ToolResult } from './support/agents.js';
import { bankUpstream, startBank } from './support/bank.js';
import { countersignAs } from './support/command.js';
import { startCluster } from './support/distributed.js';
import { demoPolicyWith } from './support/policies.js';
import { type Approval, approver, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect, DIST, serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const USES = 5;
const POLICY = demoPolicyWith(
  'approval: { by: [manager], count: 1, expires: 30m }',
  `approval: { by: [manager], expires: 30m, grant: { uses: ${USES}, for: 1h, same: [args.customer_id] } }`,
);
/** Short, so that a call which must be approved by itself says so soon. */
const SETTINGS = { approvals: { hold_ms: 1_500 } };

type Bank = Awaited<ReturnType<typeof startBank>>;
type Approver = Awaited<ReturnType<typeof approver>>;

describe.each([
  ['standalone', startPrivate, 'countersign'],
  ['distributed', startCluster, 'approval'],
] as const)('an approval that policy lets cover more calls, %s', (_shape, start, restarted) => {
  let stage: Stage;
  let bank: Bank;
  let system: PrivateSystem;
  let engineer: Agent;
  let manager: Approver;
  let first: Approval;

  const update = (customer_id: string, notes: string): Promise<ToolResult> =>
    engineer.call('update_customer', { customer_id, fields: { notes } });
  const heldWith = (notes: string): Promise<Approval> =>
    waitUntil('a pending approval', async () =>
      (await manager.list('pending')).find((held) => JSON.stringify(held.arguments).includes(notes)),
    );
  const reached = (notes: string): number =>
    bank.stats().log.filter((call) => JSON.stringify(call.arguments).includes(notes)).length;
  const approved = async (customer: string, notes: string): Promise<Approval> => {
    const waiting = update(customer, notes);
    const held = await heldWith(notes);
    await manager.approve(held.id, { digest: held.digest });
    const result = await waiting;
    if (result.isError === true) await update(customer, notes);
    expect(reached(notes)).toBe(1);
    return held;
  };

  beforeAll(async () => {
    stage = await openStage();
    bank = await startBank(stage);
    const options = { policy: POLICY, upstreams: [bankUpstream(bank)], settings: SETTINGS };
    system = await start(stage, options);
    engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    manager = await approver(system, 'manager-1');
  }, 90_000);
  afterAll(async () => {
    await engineer.close();
    await stage.close();
  });

  it('shows how far it reaches before anybody votes, and what is left afterwards', async () => {
    const waiting = update('C-1003', 'the first');
    const held = await heldWith('the first');
    const terms = { uses: USES, for_s: 3_600, same: ['args.customer_id'], limits: [] };
    expect(held.grant).toEqual({ ...terms, used: 0 });
    await manager.approve(held.id, { digest: held.digest });
    expect((await waiting).isError).toBeFalsy();
    first = await manager.one(held.id);
    expect(first.grant).toEqual({ ...terms, used: 1, until: expect.any(String) });
  });

  it('lets the next call of that scope run without a hold, also after a restart, and names it in the transcript', async () => {
    await serviceOf(system, restarted).kill();
    await serviceOf(system, restarted).start();
    await waitUntil('the approval is known again', () => manager.one(first.id).catch(() => undefined));
    await engineer.close();
    engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    expect((await update('C-1003', 'the second')).isError).toBeFalsy();
    expect(reached('the second')).toBe(1);
    const ledger = await examiner(system);
    const [call] = await waitUntil('the call in the list', async () =>
      (await ledger.calls()).filter(({ outcome }) => outcome === 'completed').length > 1
        ? ledger.calls()
        : undefined,
    );
    expect(call).toMatchObject({ decision: 'approval', approvalId: first.id });
    const { approval, events } = await ledger.transcript(call?.id ?? '');
    expect(events.map(({ type }) => type)).not.toContain('CallHeld');
    expect(approval?.events.at(-1)).toMatchObject({ type: 'GrantUsed', data: { callId: call?.id, use: 2 } });
  });

  it('says nothing for a call outside of its scope: that is held for an approval of its own', async () => {
    expect(refusalOf(await update('C-1004', 'another customer'))).toBe('approval_pending');
    expect(reached('another customer')).toBe(0);
    const held = await heldWith('another customer');
    expect(held.id).not.toBe(first.id);
    expect(held.grant).toMatchObject({ used: 0 });
  });

  it('covers no other person, however alike the call', async () => {
    const other = await connect(system, 'SDK v2', 'risk-analyst', 'core-banking');
    const result = await other.call('update_customer', { customer_id: 'C-1003', fields: { notes: 'other' } });
    expect(refusalOf(result)).toBe('call_denied');
    await other.close();
  });

  it('is used up by racing calls to the last use and not beyond', async () => {
    const racers = Array.from({ length: 10 }, (_, each) => update('C-1003', `racer ${each} `));
    const results = await Promise.all(racers);
    const ran = results.filter(({ isError }) => isError !== true).length;
    const held = results.filter((result) => refusalOf(result) === 'approval_pending').length;
    expect([ran, held]).toEqual([USES - 2, 10 - (USES - 2)]);
    expect(reached('racer')).toBe(USES - 2);
    const uses = (await (await examiner(system)).events()).filter(({ type }) => type === 'GrantUsed');
    expect(uses.map(({ data }) => data['use'])).toEqual([2, 3, 4, 5]);
    await waitUntil('the item says so', async () => (await manager.one(first.id)).grant?.['used'] === USES);
  });

  it('ends at once when it is revoked by a person who may, on record; others are refused, on record', async () => {
    const { id } = await approved('C-1005', 'revocable');
    expect((await update('C-1005', 'before')).isError).toBeFalsy();
    const operator = await approver(system, 'examiner');
    expect(await operator.revoke(id, {})).toMatchObject({
      status: 403,
      body: { code: 'approver_not_eligible' },
    });
    const other = await approver(system, 'manager-2');
    const revoked = await other.revoke(id, { reason: 'card blocked' });
    expect(revoked).toMatchObject({ status: 200, body: { grant: { revoked: { reason: 'card blocked' } } } });
    expect(refusalOf(await update('C-1005', 'after'))).toBe('approval_pending');
    expect(reached('after')).toBe(0);
    expect(await other.revoke(id, {})).toMatchObject({ status: 409, body: { code: 'approval_closed' } });
    const events = await (await examiner(system)).events();
    const refused = events.filter(
      ({ type, data }) => type === 'RequestRefused' && JSON.stringify(data).includes(id),
    );
    expect(refused.map(({ data }) => data['code'])).toEqual(['approver_not_eligible', 'approval_closed']);
  });

  it('that is revoked before its own call ran ends that call, too', async () => {
    expect(refusalOf(await update('C-1006', 'never'))).toBe('approval_pending');
    const held = await heldWith('never');
    await manager.approve(held.id, { digest: held.digest });
    expect((await manager.revoke(held.id, {})).body).toMatchObject({ status: 'withdrawn' });
    expect(refusalOf(await update('C-1006', 'never'))).toBe('approval_pending');
    expect(reached('never')).toBe(0);
  });

  it('and all that history replays, and its evidence verifies, without a difference', async () => {
    expect((await (await examiner(system)).replay()).different).toEqual([]);
    const file = join(stage.folder, 'grants.zip');
    const [call] = (await (await examiner(system)).calls()).filter(
      ({ approvalId, id }) => approvalId === first.id && id !== first.callId,
    );
    const exported = await countersignAs(system, 'examiner', [
      ...['evidence', 'export', '--out', file, '--call', call?.id ?? ''],
    ]);
    expect(exported).toMatchObject({ code: 0, err: '' });
    const main = join(DIST, 'apps', 'cli', 'main.js');
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'verify', file, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, findings: [], facts: { calls: 1 } });
  });
});
