import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toolList } from '../../../apps/demo-bank/core-banking/tools.js';
import { ROUNDS_MAX } from '../../../apps/ingress/call/waiting/wait-plan.js';
import { bankUpstream, startBank } from '../support/bank.js';
import { pendingWith } from '../support/held-calls.js';
import { demoPolicy } from '../support/policies.js';
import { type Approval, approver, type Examiner, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { serviceOf } from '../support/system.js';
import { waitUntil } from '../support/wait-until.js';
import { legacyClient, type Message, modernClient } from './eras.fixture.js';

const update = (notes: string) => ({
  name: 'update_customer',
  arguments: { customer_id: 'C-1003', fields: { notes } },
});
const stateOf = ({ result }: Message): unknown => result?.['requestState'];
const textOf = ({ result }: Message): string => JSON.stringify(result?.['content']);

let stage: Stage;
let system: PrivateSystem;
let bank: Awaited<ReturnType<typeof startBank>>;
let client: Awaited<ReturnType<typeof modernClient>>;
let manager: Awaited<ReturnType<typeof approver>>;
let ledger: Examiner;
beforeAll(async () => {
  stage = await openStage();
  bank = await startBank(stage);
  const settings = { approvals: { hold_ms: 300, progress_ms: 1_000 } };
  system = await startPrivate(stage, { policy: demoPolicy(), upstreams: [bankUpstream(bank)], settings });
  client = await modernClient(system, 'data-engineer', 'mcp/core-banking');
  manager = await approver(system, 'manager-1');
  ledger = await examiner(system);
}, 60_000);
afterAll(() => stage.close(), 30_000);

const call = (notes: string, requestState?: unknown) =>
  client.call('tools/call', { ...update(notes), ...(requestState === undefined ? {} : { requestState }) });
const pendingOf = (notes: string): Promise<Approval> => pendingWith(manager, notes);
const approve = async (notes: string): Promise<Approval> => {
  const pending = await pendingOf(notes);
  expect((await manager.approve(pending.id, { digest: pending.digest })).status).toBe(200);
  return pending;
};
const effects = () => bank.stats().took_effect;

describe('a held call of a modern client without tasks', () => {
  it('comes back with a state of its own each round, with no question to answer, and runs once when it is approved', async () => {
    const before = effects();
    const first = await call('rounds');
    expect(Object.keys(first.result ?? {}).sort()).toEqual(['requestState', 'resultType']);
    expect(first.result?.['resultType']).toBe('input_required');
    const second = await call('rounds', stateOf(first));
    expect(stateOf(second)).not.toBe(stateOf(first));
    expect(effects()).toBe(before);
    const { callId } = await approve('rounds');
    const last = await call('rounds', stateOf(second));
    expect(last.result).toMatchObject({ resultType: 'complete' });
    expect(last.result?.['isError']).toBeFalsy();
    expect(effects()).toBe(before + 1);
    const events = (await ledger.transcript(callId)).events;
    expect(events.filter(({ type }) => type === 'CallRepeated').map(({ data }) => data['round'])).toEqual([
      1, 2,
    ]);
  });

  it('uses each state once: again, late, with other arguments or by somebody else it is refused', async () => {
    const before = effects();
    const first = await call('once');
    const second = await call('once', stateOf(first));
    const refusals = [
      await call('once', stateOf(first)),
      await call('other', stateOf(second)),
      await call('once', `${String(stateOf(second)).slice(0, -4)}AAAA`),
      await (await modernClient(system, 'risk-analyst', 'mcp/core-banking')).call('tools/call', {
        ...update('once'),
        requestState: stateOf(second),
      }),
    ];
    expect(refusals.map(({ error }) => error?.data?.code)).toEqual(Array(4).fill('params_invalid'));
    await approve('once');
    expect((await call('once', stateOf(second))).result?.['isError']).toBeFalsy();
    expect(effects()).toBe(before + 1);
    const used = await call('once', stateOf(second));
    expect(textOf(used)).toContain('revision_conflict');
    expect(effects()).toBe(before + 1);
  });

  it('sent twice at the same time with one state is taken up once', async () => {
    const before = effects();
    const first = await call('twice');
    await approve('twice');
    const answers = await Promise.all([call('twice', stateOf(first)), call('twice', stateOf(first))]);
    expect(answers.filter(({ result }) => result !== undefined && result['isError'] !== true)).toHaveLength(
      1,
    );
    expect(effects()).toBe(before + 1);
  });

  it('that two clients wait for has rounds of its own for each of them', async () => {
    const before = effects();
    const one = await call('two wait', stateOf(await call('two wait')));
    const other = await call('two wait');
    expect(stateOf(await call('two wait', stateOf(one)))).toEqual(expect.any(String));
    const last = await call('two wait', stateOf(other));
    expect((await call('two wait', stateOf(other))).error?.data?.code).toBe('params_invalid');
    await approve('two wait');
    expect((await call('two wait', stateOf(last))).result?.['isError']).toBeFalsy();
    expect(effects()).toBe(before + 1);
  });

  it('ends after fewer rounds than clients follow with a pending answer, to which the identical call attaches', async () => {
    const before = effects();
    let answer = await call('many');
    let rounds = 0;
    for (; stateOf(answer) !== undefined; rounds++) answer = await call('many', stateOf(answer));
    expect(rounds).toBe(ROUNDS_MAX);
    expect(answer.result).toMatchObject({ resultType: 'complete', isError: true });
    expect(textOf(answer)).toContain('approval_pending');
    await approve('many');
    expect((await call('many')).result?.['isError']).toBeFalsy();
    expect(effects()).toBe(before + 1);
  });

  it('is told to wait without structured content in either era, also by a tool that has an output schema', async () => {
    expect(toolList().tools.find(({ name }) => name === update('').name)).toHaveProperty('outputSchema');
    const agent = await legacyClient(system, 'data-engineer', 'mcp/core-banking');
    const legacy = () => agent.call('tools/call', update('structure'));
    let modern = await call('structure');
    while (stateOf(modern) !== undefined) modern = await call('structure', stateOf(modern));
    for (const pending of [modern, await legacy()]) {
      expect(textOf(pending)).toContain('approval_pending');
      expect(pending.result).not.toHaveProperty('structuredContent');
    }
    await approve('structure');
    expect((await legacy()).result).toHaveProperty('structuredContent');
  });

  it('goes on after a restart of the whole gateway between two rounds', async () => {
    const before = effects();
    const first = await call('restart');
    await serviceOf(system, 'countersign').kill();
    await serviceOf(system, 'countersign').start();
    await approve('restart');
    expect((await call('restart', stateOf(first))).result?.['isError']).toBeFalsy();
    expect(effects()).toBe(before + 1);
  }, 60_000);

  it('is told of a denial, with its reason, in the next round', async () => {
    const before = effects();
    const first = await call('denied');
    const pending = await pendingOf('denied');
    await manager.deny(pending.id, { digest: pending.digest, reason: 'not this quarter' });
    const next = await call('denied', stateOf(first));
    expect(textOf(next)).toContain('approval_denied');
    expect(textOf(next)).toContain('not this quarter');
    expect(effects()).toBe(before);
  });

  it('is withdrawn when its client closes the stream of a later round', async () => {
    const first = await call('closed');
    const pending = await pendingOf('closed');
    const stream = await client.open('tools/call', { ...update('closed'), requestState: stateOf(first) });
    stream.cut();
    await waitUntil('the withdrawal', async () => (await manager.one(pending.id)).status === 'withdrawn');
  });

  it('the history of all this replays without a difference', async () => {
    expect((await ledger.replay()).different).toEqual([]);
  });
});
