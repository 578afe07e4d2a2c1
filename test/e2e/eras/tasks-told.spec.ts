import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Examiner, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import type { PrivateSystem } from '../support/standalone.js';
import { legacyClient, type Message, modernClient } from './eras.fixture.js';
import { startTasks } from './tasks.fixture.js';

const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const SLOW = { name: 'slow_compute', arguments: { seconds: 1, label: '078-05-1120' } };
const isDone = ({ method, params }: Message): boolean =>
  method?.startsWith('notifications/tasks') === true && params?.['status'] === 'completed';

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
beforeAll(async () => {
  stage = await openStage();
  system = await startTasks(stage);
  ledger = await examiner(system);
}, 60_000);
afterAll(() => stage.close(), 30_000);

const looks = async (): Promise<number> =>
  (await ledger.events()).filter(
    ({ type, data }) => type === 'CallRequested' && data['method'] === 'tasks/get',
  ).length;

describe.each(['old', 'new'])('a change of a task of the server %s', (server) => {
  it('is told to the modern client that listens for it and whose it is, masked and on record', async () => {
    const client = await modernClient(system, 'data-engineer', `mcp/${server}`);
    const before = await looks();
    const made = await client.call('tools/call', SLOW, TASKS);
    const { taskId } = made.result ?? {};
    const other = await modernClient(system, 'manager-1', `mcp/${server}`);
    const foreign = await other.open('subscriptions/listen', { notifications: { taskIds: [taskId] } }, TASKS);
    const notifications = { taskIds: [taskId, 'unknown'] };
    const stream = await client.open('subscriptions/listen', { notifications }, TASKS);
    const { params: acknowledged } = await stream.next(
      ({ method }) => method?.endsWith('acknowledged') === true,
    );
    expect(acknowledged?.['notifications']).toEqual({ taskIds: [taskId] });
    const { method, params } = await stream.next(isDone);
    expect(method).toBe('notifications/tasks');
    expect(params).toMatchObject({ taskId, status: 'completed', result: { content: [{ type: 'text' }] } });
    expect(JSON.stringify(params)).toContain('[US_SSN]');
    expect(params).not.toHaveProperty('resultType');
    expect(await looks()).toBe(before + 1);
    expect(foreign.messages().map((message) => message.method)).toEqual([
      'notifications/subscriptions/acknowledged',
    ]);
    expect(foreign.messages()[0]?.params?.['notifications']).toEqual({});
    stream.cut();
    foreign.cut();
  });

  it('is told on the stream of the legacy session that began it, and on no other', async () => {
    const client = await legacyClient(system, 'data-engineer', `mcp/${server}`);
    const [stream, other] = [
      await client.listen(),
      await (await legacyClient(system, 'data-engineer', `mcp/${server}`)).listen(),
    ];
    const made = await client.call('tools/call', { ...SLOW, task: {} });
    const { taskId } = (made.result?.['task'] ?? {}) as { taskId?: string };
    const { method, params } = await stream.next(isDone);
    expect(method).toBe('notifications/tasks/status');
    expect(params).toMatchObject({ taskId, status: 'completed', pollInterval: 100 });
    expect(params).not.toHaveProperty('result');
    expect(other.messages().filter((message) => message.method?.includes('tasks'))).toEqual([]);
    stream.cut();
    other.cut();
  });
});

it('a client that does not declare the extension may not listen for tasks', async () => {
  const client = await modernClient(system, 'data-engineer', 'mcp/old');
  const { error } = await client.call('subscriptions/listen', { notifications: { taskIds: ['any'] } });
  expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: TASKS } });
});

it('the history of what was told replays without a difference', async () => {
  expect((await ledger.replay()).different).toEqual([]);
});
