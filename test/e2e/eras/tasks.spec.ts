import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Examiner, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import type { PrivateSystem } from '../support/standalone.js';
import { waitUntil } from '../support/wait-until.js';
import { legacyClient, type Message, modernClient } from './eras.fixture.js';
import { startTasks } from './tasks.fixture.js';

const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const FORMS = { elicitation: { form: {} } };
const RELATED = 'io.modelcontextprotocol/related-task';
const SSN = '078-05-1120';
const ACCEPT = { action: 'accept', content: { confirm: true, name: 'Ada' } };

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
beforeAll(async () => {
  stage = await openStage();
  system = await startTasks(stage, { limits: { budgets: { caller: { concurrent_calls: 1 } } } });
  ledger = await examiner(system);
}, 60_000);
afterAll(() => stage.close(), 30_000);

type Modern = Awaited<ReturnType<typeof modernClient>>;
type Legacy = Awaited<ReturnType<typeof legacyClient>>;
type Result = NonNullable<Message['result']>;

const isOver = ({ status }: Result): boolean => ['completed', 'failed', 'cancelled'].includes(String(status));

const requests = async (): Promise<readonly unknown[]> =>
  (await ledger.events())
    .filter(({ type }) => type === 'CallRequested')
    .map(({ data }) => data['method'] ?? data['tool']);

describe('a task of a legacy server, for a modern client', () => {
  let client: Modern;
  const capabilities = { ...TASKS, ...FORMS };
  const ask = (method: string, params: Record<string, unknown>) => client.call(method, params, capabilities);
  const begin = async (name: string, args: object = {}): Promise<Result> =>
    (await ask('tools/call', { name, arguments: args })).result ?? {};
  const look = async (taskId: unknown): Promise<Result> => (await ask('tasks/get', { taskId })).result ?? {};
  const until = (taskId: unknown, fits: (task: Result) => boolean) =>
    waitUntil('the task', async () => {
      const task = await look(taskId);
      return fits(task) ? task : undefined;
    });

  beforeAll(async () => {
    client = await modernClient(system, 'data-engineer', 'mcp/old');
  });

  it('is offered as the extension, and begun for tools that allow it', async () => {
    const { result } = await ask('server/discover', {});
    expect(result?.['capabilities']).toMatchObject(TASKS);
    expect(result?.['capabilities']).not.toHaveProperty('tasks');
    expect(await begin('greet', { name: 'Ada' })).toMatchObject({ resultType: 'complete' });
    const tools = (await ask('tools/list', {})).result?.['tools'] as readonly object[];
    expect(tools).toHaveLength(7);
    expect(JSON.stringify(tools)).not.toContain('taskSupport');
  });

  it('is made, looked at, and gives its result masked', async () => {
    const made = await begin('slow_compute', { seconds: 0.5, label: SSN });
    expect(made).toMatchObject({
      resultType: 'task',
      status: 'working',
      ttlMs: 300_000,
      pollIntervalMs: 100,
    });
    expect(made).not.toHaveProperty('task');
    const { taskId } = made;
    expect(await look(taskId)).toMatchObject({ resultType: 'complete', taskId, status: 'working' });
    const done = await until(taskId, isOver);
    expect(done).toMatchObject({
      status: 'completed',
      result: { content: [{ text: 'Computed [US_SSN].' }] },
    });
    // The server's own id of the task is nowhere to be seen.
    expect(JSON.stringify(done)).not.toContain(RELATED);
    expect((await requests()).slice(-2)).toEqual(['tasks/get', 'tasks/result']);
  });

  it('that ended with an error of the tool is complete, and one that the server gave up has failed', async () => {
    const { taskId } = await begin('failing_job');
    expect(await until(taskId, isOver)).toMatchObject({ status: 'completed', result: { isError: true } });
    const broken = await begin('protocol_error_job');
    const failed = await until(broken['taskId'], isOver);
    expect(failed).toMatchObject({ status: 'failed', error: { code: -32603 } });
    expect(failed).not.toHaveProperty('result');
  });

  it('asks its questions masked, and goes on with the answers', async () => {
    const { taskId } = await begin('confirm_delete', { filename: SSN });
    const asking = await until(taskId, ({ status }) => status === 'input_required');
    const questions = asking['inputRequests'] as Record<string, { method: string; params: object }>;
    const [key = ''] = Object.keys(questions);
    expect(questions[key]?.method).toBe('elicitation/create');
    expect(JSON.stringify(questions)).toContain('Delete [US_SSN]?');
    expect(JSON.stringify(questions)).not.toContain(RELATED);
    // Unknown answers are of no effect.
    const nothing = await ask('tasks/update', { taskId, inputResponses: { other: ACCEPT } });
    expect(nothing.result).toEqual({ resultType: 'complete' });
    expect(await look(taskId)).toMatchObject({ status: 'input_required', inputRequests: questions });
    const update = await ask('tasks/update', { taskId, inputResponses: { [key]: ACCEPT } });
    expect(update.result).toEqual({ resultType: 'complete' });
    const done = await until(taskId, isOver);
    expect(JSON.stringify(done['result'])).toContain('accept');
    const events = await ledger.events();
    const asked = events.findLast(({ type }) => type === 'InputRequested');
    const answered = events.findLast(({ type }) => type === 'InputAnswered');
    expect(asked?.data).toMatchObject({ method: 'elicitation/create', because: null });
    expect(answered).toMatchObject({ correlation: asked?.correlation, data: { outcome: 'answered' } });
    expect(await requests()).toContain('tasks/update');
    const late = await ask('tasks/update', { taskId, inputResponses: { [key]: ACCEPT } });
    expect(late.error?.data?.code).toBe('question_unanswered');
  });

  it('asks several things at once, and is answered one by one', async () => {
    const { taskId } = await begin('multi_input');
    const asking = await until(taskId, ({ inputRequests }) => Object.keys(inputRequests ?? {}).length === 2);
    const [first = '', second = ''] = Object.keys(asking['inputRequests'] as object);
    await ask('tasks/update', { taskId, inputResponses: { [first]: ACCEPT } });
    const left = await look(taskId);
    expect(Object.keys(left['inputRequests'] as object)).toEqual([second]);
    await ask('tasks/update', { taskId, inputResponses: { [second]: ACCEPT } });
    expect(await until(taskId, isOver)).toMatchObject({ status: 'completed' });
  });

  it('is cancelled with an acknowledgement only, also when it has ended', async () => {
    const { taskId } = await begin('slow_compute', { seconds: 60 });
    expect((await ask('tasks/cancel', { taskId })).result).toEqual({ resultType: 'complete' });
    expect(await look(taskId)).toMatchObject({ status: 'cancelled' });
    expect((await ask('tasks/cancel', { taskId })).result).toEqual({ resultType: 'complete' });
  });

  it('that waits for an answer is cancelled, and nobody is asked any more', async () => {
    const { taskId } = await begin('confirm_delete', { filename: 'a' });
    await until(taskId, ({ status }) => status === 'input_required');
    expect((await ask('tasks/cancel', { taskId })).result).toEqual({ resultType: 'complete' });
    expect(await look(taskId)).toMatchObject({ status: 'cancelled' });
    const answered = await waitUntil('the end of the question', async () =>
      (await ledger.events()).findLast(({ type }) => type === 'InputAnswered'),
    );
    expect(answered.data['outcome']).toBe('cancelled');
  });

  it('belongs to the client that began it', async () => {
    const { taskId } = await begin('slow_compute', { seconds: 60 });
    const other = await modernClient(system, 'manager-1', 'mcp/old');
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const { error } = await other.call(method, { taskId, inputResponses: {} }, capabilities);
      expect(error?.data?.code).toBe('params_invalid');
    }
    const own = await other.call(
      'tools/call',
      { name: 'slow_compute', arguments: { seconds: 0 } },
      capabilities,
    );
    const denied = await other.call('tasks/get', { taskId: own.result?.['taskId'] }, capabilities);
    expect(denied.error?.data?.code).toBe('call_denied');
    await ask('tasks/cancel', { taskId });
  });
});

describe('a tool of a legacy server that runs as a task only', () => {
  it('is waited for on behalf of a client that cannot follow a task', async () => {
    const client = await modernClient(system, 'data-engineer', 'mcp/old');
    const { result } = await client.call('tools/call', { name: 'failing_job', arguments: {} });
    expect(result).toMatchObject({ resultType: 'complete', isError: true, content: [{ type: 'text' }] });
    expect(JSON.stringify(result)).not.toContain(RELATED);
    expect((await requests()).slice(-2)).toEqual(['failing_job', 'tasks/result']);
    const old = await legacyClient(system, 'data-engineer', 'mcp/old');
    const legacy = await old.call('tools/call', { name: 'failing_job', arguments: {} });
    expect(legacy.result).toMatchObject({ isError: true, content: [{ text: 'The job has failed.' }] });
  });

  it('is not waited for longer than the server may take for an answer, and is cancelled then', async () => {
    const client = await modernClient(system, 'data-engineer', 'mcp/hasty');
    const { result } = await client.call('tools/call', { name: 'failing_job', arguments: {} });
    expect(JSON.stringify(result)).toContain('[upstream_timeout]');
    expect((await requests()).slice(-3)).toEqual(['failing_job', 'tasks/result', 'tasks/cancel']);
  });

  it('is refused plainly when its result may not be fetched, and the task is not left behind', async () => {
    const client = await modernClient(system, 'manager-1', 'mcp/old');
    const { result } = await client.call('tools/call', { name: 'failing_job', arguments: {} });
    expect(JSON.stringify(result)).toContain('[call_denied]');
    expect((await requests()).slice(-3)).toEqual(['failing_job', 'tasks/result', 'tasks/cancel']);
  });
});

describe('a task of a modern server, for a legacy client', () => {
  let client: Legacy;
  const begin = async (name: string, args: object = {}) =>
    client.call('tools/call', { name, arguments: args, task: { ttl: 60_000 } });
  const idOf = ({ result }: Message): string => String((result?.['task'] as Result | undefined)?.['taskId']);
  const look = async (taskId: string): Promise<Result> =>
    (await client.call('tasks/get', { taskId })).result ?? {};

  beforeAll(async () => {
    client = await legacyClient(system, 'data-engineer', 'mcp/new', FORMS);
  });

  it('is offered by the server and by its tools', async () => {
    expect(client.hello.result?.['capabilities']).toMatchObject({
      tasks: { cancel: {}, requests: { tools: { call: {} } } },
    });
    const tools = (await client.call('tools/list')).result?.['tools'] as { execution?: object }[];
    expect(tools.map(({ execution }) => execution)).toEqual(tools.map(() => ({ taskSupport: 'optional' })));
  });

  it('is made, looked at, and gives its result masked', async () => {
    const made = await begin('slow_compute', { seconds: 1, label: SSN });
    expect(made.result).toMatchObject({ task: { status: 'working', ttl: 300_000, pollInterval: 100 } });
    expect(made.result).not.toHaveProperty('resultType');
    const taskId = idOf(made);
    expect(await look(taskId)).toMatchObject({ taskId, status: 'working', ttl: 300_000 });
    const fetched = await client.call('tasks/result', { taskId });
    expect(fetched.result).toEqual({
      content: [{ type: 'text', text: 'Computed [US_SSN].' }],
      _meta: { [RELATED]: { taskId } },
    });
    expect(await look(taskId)).not.toHaveProperty('result');
    const seen = await requests();
    expect(seen).toContain('tasks/result');
    expect(seen.lastIndexOf('tasks/get')).toBeGreaterThan(seen.lastIndexOf('tasks/result'));
  });

  it('that ended with an error of the tool, or of the server, has failed', async () => {
    const failing = idOf(await begin('failing_job'));
    expect((await client.call('tasks/result', { taskId: failing })).result).toMatchObject({ isError: true });
    expect(await look(failing)).toMatchObject({ status: 'failed' });
    const broken = idOf(await begin('protocol_error_job'));
    expect((await client.call('tasks/result', { taskId: broken })).error?.code).toBe(-32603);
  });

  it('asks its questions on the stream of tasks/result, masked and on record, and goes on with the answers', async () => {
    const taskId = idOf(await begin('confirm_delete', { filename: SSN }));
    await waitUntil('a question', async () => (await look(taskId))['status'] === 'input_required');
    const stream = await client.open('tasks/result', { taskId });
    const question = await stream.next(({ method }) => method === 'elicitation/create');
    expect(question.params?.['message']).toBe('Delete [US_SSN]?');
    expect(question.params?.['_meta']).toEqual({ [RELATED]: { taskId } });
    const asked = (await ledger.events()).findLast(({ type }) => type === 'InputRequested');
    expect(asked?.data).toMatchObject({ method: 'elicitation/create', because: null });
    const _meta = { [RELATED]: { taskId } };
    expect((await client.send({ id: question.id, result: { ...ACCEPT, _meta } })).status).toBe(202);
    const { result } = await stream.next((message) => message.result !== undefined);
    expect(JSON.stringify(result)).toContain('accept');
    expect(await requests()).toContain('tasks/update');
  });

  it('is cancelled, and cannot be cancelled again', async () => {
    const taskId = idOf(await begin('slow_compute', { seconds: 60 }));
    expect((await client.call('tasks/cancel', { taskId })).result).toMatchObject({
      taskId,
      status: 'cancelled',
    });
    expect((await client.call('tasks/result', { taskId })).error?.data?.code).toBe('call_cancelled');
    expect((await client.call('tasks/cancel', { taskId })).error?.code).toBe(-32602);
  });

  it('is one also when the server was done at once', async () => {
    const taskId = idOf(await begin('greet', { name: SSN }));
    expect(await look(taskId)).toMatchObject({ taskId, status: 'completed' });
    const { result } = await client.call('tasks/result', { taskId });
    expect(result).toMatchObject({
      content: [{ type: 'text', text: 'Hello, [US_SSN]!' }],
      _meta: { [RELATED]: { taskId } },
    });
    const thief = await legacyClient(system, 'manager-1', 'mcp/new');
    expect((await thief.call('tasks/result', { taskId })).error?.data?.code).toBe('params_invalid');
  });

  it('is begun only for a call that asks for one', async () => {
    const plain = await client.call('tools/call', { name: 'slow_compute', arguments: { seconds: 0 } });
    expect(plain.result).toMatchObject({ content: [{ type: 'text' }] });
  });

  it('that is refused is an error, since the client takes no other result', async () => {
    const analyst = await legacyClient(system, 'risk-analyst', 'mcp/new');
    const refused = await analyst.call('tools/call', { name: 'greet', arguments: {}, task: {} });
    expect(refused.error?.data?.code).toBe('call_denied');
  });

  it('belongs to the client that began it', async () => {
    const taskId = idOf(await begin('slow_compute', { seconds: 0 }));
    const other = await legacyClient(system, 'manager-1', 'mcp/new');
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
      expect((await other.call(method, { taskId })).error?.data?.code).toBe('params_invalid');
  });
});

describe('a task of a legacy server, for a legacy client', () => {
  it('is named by the id that the client knows, in questions and results', async () => {
    const client = await legacyClient(system, 'data-engineer', 'mcp/old', FORMS);
    const params = { name: 'confirm_delete', arguments: { filename: 'a' }, task: {} };
    const { result: made } = await client.call('tools/call', params);
    const taskId = (made?.['task'] as Result | undefined)?.['taskId'];
    const stream = await client.open('tasks/result', { taskId });
    const question = await stream.next(({ method }) => method === 'elicitation/create');
    expect(question.params?.['_meta']).toEqual({ [RELATED]: { taskId } });
    await client.send({ id: question.id, result: ACCEPT });
    const { result } = await stream.next((message) => message.result !== undefined);
    expect(result?.['_meta']).toEqual({ [RELATED]: { taskId } });
  });
});

it('the history of all these tasks replays without a difference', async () => {
  const { checked, different } = await ledger.replay();
  expect(checked).toBeGreaterThan(0);
  expect(different).toEqual([]);
});
