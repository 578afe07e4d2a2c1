import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from '../support/bank.js';
import { startCluster, startOtherIngress } from '../support/distributed.js';
import { pendingWith } from '../support/held-calls.js';
import { demoPolicy } from '../support/policies.js';
import { type Approval, approver, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import type { PrivateSystem } from '../support/standalone.js';
import { serviceOf } from '../support/system.js';
import { legacyClient, type Message, modernClient } from './eras.fixture.js';

const ENDPOINT = 'mcp/core-banking';
const HOLD_MS = 1_500;

let stage: Stage;
let one: PrivateSystem;
let other: PrivateSystem;
let bank: Awaited<ReturnType<typeof startBank>>;
let manager: Awaited<ReturnType<typeof approver>>;
beforeAll(async () => {
  stage = await openStage();
  bank = await startBank(stage);
  one = await startCluster(stage, {
    policy: demoPolicy(),
    upstreams: [bankUpstream(bank)],
    settings: { approvals: { hold_ms: HOLD_MS, progress_ms: 1_000 } },
  });
  other = await startOtherIngress(stage, one);
  manager = await approver(one, 'manager-1');
}, 120_000);
afterAll(() => stage.close(), 30_000);

const update = (notes: string, requestState?: unknown) => ({
  name: 'update_customer',
  arguments: { customer_id: 'C-1003', fields: { notes } },
  ...(requestState === undefined ? {} : { requestState }),
});
const modern = async (at: PrivateSystem, notes: string, requestState?: unknown): Promise<Message> =>
  (await modernClient(at, 'data-engineer', ENDPOINT)).call('tools/call', update(notes, requestState));
const legacy = async (at: PrivateSystem, notes: string): Promise<Message> =>
  (await legacyClient(at, 'data-engineer', ENDPOINT)).call('tools/call', update(notes));

const stateOf = ({ result }: Message): unknown => result?.['requestState'];
const succeeded = ({ result }: Message): boolean => result !== undefined && result['isError'] !== true;
const reached = (notes: string): number =>
  bank.stats().log.filter((call) => JSON.stringify(call.arguments).includes(`"${notes}"`)).length;
const approve = async (notes: string): Promise<Approval> => {
  const pending = await pendingWith(manager, `"${notes}"`);
  expect((await manager.approve(pending.id, { digest: pending.digest })).status).toBe(200);
  return pending;
};

describe('a held call at two ingress replicas', () => {
  it('goes on at the other replica with the state of the one, and runs once', async () => {
    const notes = 'rounds move';
    const first = await modern(one, notes);
    const second = await modern(other, notes, stateOf(first));
    expect(stateOf(second)).toEqual(expect.any(String));
    expect(reached(notes)).toBe(0);
    const { callId } = await approve(notes);
    expect(succeeded(await modern(one, notes, stateOf(second)))).toBe(true);
    expect(reached(notes)).toBe(1);
    const { events } = await (await examiner(one)).transcript(callId);
    expect(events.filter(({ type }) => type === 'CallRepeated').map(({ data }) => data['round'])).toEqual([
      1, 2,
    ]);
  });

  it('takes each state once, whichever replica it comes to', async () => {
    const notes = 'state used once';
    const first = await modern(one, notes);
    const second = await modern(one, notes, stateOf(first));
    expect((await modern(other, notes, stateOf(first))).error?.data?.code).toBe('params_invalid');
    await approve(notes);
    const both = await Promise.all([one, other].map((replica) => modern(replica, notes, stateOf(second))));
    expect(both.filter(succeeded)).toHaveLength(1);
    expect(reached(notes)).toBe(1);
  });

  it('is attached to by the identical call at the other replica, in either era, and runs once', async () => {
    const notes = 'call again';
    const first = await legacy(one, notes);
    expect(JSON.stringify(first.result)).toContain('approval_pending');
    expect(stateOf(await modern(other, notes))).toEqual(expect.any(String));
    await approve(notes);
    expect(await manager.list('pending')).toEqual([]);
    expect(succeeded(await legacy(other, notes))).toBe(true);
    expect(reached(notes)).toBe(1);
  });

  it('goes on at the other replica when the one that has the state is killed, and runs once', async () => {
    const notes = 'the one is killed';
    const first = await modern(one, notes);
    await serviceOf(one, 'ingress').kill();
    await approve(notes);
    expect(succeeded(await modern(other, notes, stateOf(first)))).toBe(true);
    await serviceOf(one, 'ingress').start();
    expect(succeeded(await modern(one, notes, stateOf(first)))).toBe(false);
    expect(reached(notes)).toBe(1);
  }, 60_000);

  it('that waits at both when it is approved is forwarded by one of them', async () => {
    const notes = 'both wait';
    const waiting = [legacy(one, notes)];
    await pendingWith(manager, `"${notes}"`);
    waiting.push(legacy(other, notes));
    await approve(notes);
    expect((await Promise.all(waiting)).filter(succeeded)).toHaveLength(1);
    expect(reached(notes)).toBe(1);
  });

  it('the history of all this replays without a difference', async () => {
    expect((await (await examiner(one)).replay()).different).toEqual([]);
  });
});
