import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASKS_EXTENSION } from '#mcp/meta.js';
import { bankUpstream, startBank } from '../support/bank.js';
import { pendingWith } from '../support/held-calls.js';
import { demoPolicy } from '../support/policies.js';
import { type Approval, approver, type Examiner, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { serviceOf } from '../support/system.js';
import { waitUntil } from '../support/wait-until.js';
import { type Message, modernClient } from './eras.fixture.js';

const TASKS = { extensions: { [TASKS_EXTENSION]: {} } };
const update = (notes: string) => ({
  name: 'update_customer',
  arguments: { customer_id: 'C-1003', fields: { notes } },
});

let stage: Stage;
let system: PrivateSystem;
let bank: Awaited<ReturnType<typeof startBank>>;
let client: Awaited<ReturnType<typeof modernClient>>;
let manager: Awaited<ReturnType<typeof approver>>;
let ledger: Examiner;
beforeAll(async () => {
  stage = await openStage();
  bank = await startBank(stage);
  system = await startPrivate(stage, { policy: demoPolicy(), upstreams: [bankUpstream(bank)] });
  client = await modernClient(system, 'data-engineer', 'mcp/core-banking');
  manager = await approver(system, 'manager-1');
  ledger = await examiner(system);
}, 60_000);
afterAll(() => stage.close(), 30_000);

const begin = async (notes: string) => {
  const { result } = await client.call('tools/call', update(notes), TASKS);
  const taskId = result?.['taskId'];
  if (typeof taskId !== 'string') throw new Error(`no task: ${JSON.stringify(result)}`);
  return { taskId, created: result ?? {} };
};
const ask = (
  method: 'tasks/get' | 'tasks/cancel' | 'tasks/update',
  taskId: string,
  by = client,
): Promise<Message> => by.call(method, { taskId }, TASKS);
const pendingOf = (notes: string): Promise<Approval> => pendingWith(manager, notes);
const approve = async (notes: string): Promise<Approval> => {
  const pending = await pendingOf(notes);
  expect((await manager.approve(pending.id, { digest: pending.digest })).status).toBe(200);
  return pending;
};
const ended = (taskId: string) =>
  waitUntil('the end of the task', async () => {
    const { result } = await ask('tasks/get', taskId);
    return result?.['status'] === 'working' ? undefined : result;
  });
const effects = () => bank.stats().took_effect;

describe('a held call of a client that follows tasks', () => {
  it('becomes a task at once, and is carried out once when its requester asks for it after the approval', async () => {
    const before = effects();
    const { taskId, created } = await begin('task');
    expect(created).toMatchObject({ resultType: 'task', status: 'working' });
    const { id, callId } = await pendingOf('task');
    expect(created['statusMessage']).toContain(id);
    expect((await ask('tasks/get', taskId)).result).toMatchObject({ status: 'working' });
    await approve('task');
    expect(effects()).toBe(before);
    const task = await ended(taskId);
    expect(task).toMatchObject({ status: 'completed', result: { content: expect.any(Array) } });
    expect(JSON.stringify(task)).not.toContain('isError":true');
    expect(effects()).toBe(before + 1);
    expect(await ended(taskId)).toEqual(task);
    expect(effects()).toBe(before + 1);
    const types = (await ledger.transcript(callId)).events.map(({ type }) => type);
    expect(types.filter((type) => type === 'ForwardIntended')).toHaveLength(1);
    expect(types).toContain('CallRepeated');
  });

  it('is carried out once, however many ask at the same time', async () => {
    const before = effects();
    const { taskId } = await begin('crowd');
    await approve('crowd');
    await Promise.all(Array.from({ length: 8 }, () => ask('tasks/get', taskId)));
    expect((await ended(taskId))?.['status']).toBe('completed');
    expect(effects()).toBe(before + 1);
  });

  it('is carried out by the identical call as well, and its task tells the same result', async () => {
    const before = effects();
    const { taskId } = await begin('sent again');
    await approve('sent again');
    const { result } = await client.call('tools/call', update('sent again'), TASKS);
    expect(result).toMatchObject({ resultType: 'complete', content: expect.any(Array) });
    expect(result?.['isError']).toBeFalsy();
    expect(await ended(taskId)).toMatchObject({
      status: 'completed',
      result: { content: result?.['content'] },
    });
    expect(effects()).toBe(before + 1);
  });

  it('outlives SIGKILL of the whole gateway before its approval, and its result outlives another one', async () => {
    const before = effects();
    const { taskId } = await begin('killed');
    const restart = async () => {
      await serviceOf(system, 'countersign').kill();
      await serviceOf(system, 'countersign').start();
    };
    await restart();
    await approve('killed');
    const task = await ended(taskId);
    expect(task?.['status']).toBe('completed');
    await restart();
    expect(await ended(taskId)).toEqual(task);
    expect(effects()).toBe(before + 1);
  }, 60_000);

  it('that is denied ends with the reason, which the agent reads', async () => {
    const { taskId } = await begin('denied');
    const pending = await pendingOf('denied');
    await manager.deny(pending.id, { digest: pending.digest, reason: 'not this quarter' });
    const task = await ended(taskId);
    expect(task).toMatchObject({ status: 'completed', result: { isError: true } });
    expect(JSON.stringify(task)).toContain('not this quarter');
  });

  it('that is cancelled takes its approval back, and cannot be approved any more', async () => {
    const before = effects();
    const { taskId } = await begin('cancelled');
    const pending = await pendingOf('cancelled');
    expect((await ask('tasks/cancel', taskId)).result).toEqual({ resultType: 'complete' });
    expect((await ended(taskId))?.['status']).toBe('cancelled');
    expect(await manager.approve(pending.id, { digest: pending.digest })).toMatchObject({ status: 409 });
    expect(effects()).toBe(before);
  });

  it('is its own: nobody else can ask for it, cancel it or have it carried out, and no forged id is taken', async () => {
    const before = effects();
    const { taskId } = await begin('foreign');
    await approve('foreign');
    const other = await modernClient(system, 'risk-analyst', 'mcp/core-banking');
    const answers = [
      await ask('tasks/get', taskId, other),
      await ask('tasks/cancel', taskId, other),
      await ask('tasks/get', `${taskId.slice(0, -4)}AAAA`),
    ];
    expect(answers.map(({ error }) => error?.data?.code)).toEqual(Array(3).fill('params_invalid'));
    expect(effects()).toBe(before);
    expect((await ended(taskId))?.['status']).toBe('completed');
  });

  it('is told as one only to a client that says so with the request about it', async () => {
    const { taskId } = await begin('undeclared');
    const { error } = await client.call('tasks/get', { taskId }, {});
    expect(error?.data?.code).toBe('capability_missing');
  });

  it('the history of all this replays without a difference', async () => {
    expect((await ledger.replay()).different).toEqual([]);
  });
});
