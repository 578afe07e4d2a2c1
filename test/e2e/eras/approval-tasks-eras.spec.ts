import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEverything } from '../../conformance/everything/everything-server.js';
import { type Approval, approver, type Examiner, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { waitUntil } from '../support/wait-until.js';
import { legacyClient, type Message, modernClient } from './eras.fixture.js';

const POLICY = `policy: 1
name: held-tasks
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  begin:
    kind: write
    tools: [old/slow_compute, old/greet, new/test_input_required_result_elicitation]
  follow: { kind: read, methods: [old/tasks/get, old/tasks/result, old/tasks/cancel, new/elicitation/create] }
rules:
  - id: E-1
    says: Engineers run tasks when a manager agrees.
    roles: [data-engineer]
    allow: [begin]
    approval: { by: [manager] }
    mask: pii
  - { id: E-2, says: Engineers follow them., roles: [data-engineer], allow: [follow], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, EMAIL], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
`;
const CAPABILITIES = {
  extensions: { 'io.modelcontextprotocol/tasks': {} },
  elicitation: { form: {} },
};
const SLOW = { name: 'slow_compute', arguments: { seconds: 0.5, label: '078-05-1120' } };

type Result = NonNullable<Message['result']>;

let stage: Stage;
let system: PrivateSystem;
let manager: Awaited<ReturnType<typeof approver>>;
let ledger: Examiner;
beforeAll(async () => {
  stage = await openStage();
  const [old, modern] = await Promise.all([startEverything('legacy'), startEverything('modern')]);
  stage.defer(old.close);
  stage.defer(modern.close);
  const upstream = (name: string, url: string) => ({
    name,
    transport: 'http',
    url,
    server_requests: ['elicitation/create'],
  });
  system = await startPrivate(stage, {
    policy: POLICY,
    upstreams: [upstream('old', old.url), upstream('new', modern.url)],
  });
  manager = await approver(system, 'manager-1');
  ledger = await examiner(system);
}, 60_000);
afterAll(() => stage.close(), 30_000);

const pending = (): Promise<Approval> =>
  waitUntil('the approval', async () => (await manager.list('pending'))[0]);
const approve = async (): Promise<Approval> => {
  const held = await pending();
  expect((await manager.approve(held.id, { digest: held.digest })).status).toBe(200);
  return held;
};

describe('the task of a held call, for a modern client', () => {
  const begin = async (server: string, call: { name: string; arguments: object }) => {
    const client = await modernClient(system, 'data-engineer', `mcp/${server}`);
    const ask = async (method: string, params: Record<string, unknown>): Promise<Result> =>
      (await client.call(method, params, CAPABILITIES)).result ?? {};
    const { taskId, status } = await ask('tools/call', call);
    expect(status).toBe('working');
    const until = (...fits: string[]) =>
      waitUntil('the task', async () => {
        const task = await ask('tasks/get', { taskId });
        return fits.includes(String(task['status'])) ? task : undefined;
      });
    return { taskId, ask, until };
  };

  it('goes on as the task that a legacy server makes of the call, under the same id', async () => {
    const { taskId, until } = await begin('old', SLOW);
    await approve();
    const done = await until('completed');
    expect(done).toMatchObject({ taskId, result: { content: [{ text: 'Computed [US_SSN].' }] } });
  });

  it('asks what a modern server asks, and takes the answer to it under the one approval', async () => {
    const { taskId, ask, until } = await begin('new', {
      name: 'test_input_required_result_elicitation',
      arguments: {},
    });
    const { callId } = await approve();
    const asking = await until('input_required');
    const [key = ''] = Object.keys(asking['inputRequests'] as object);
    const inputResponses = { [key]: { action: 'accept', content: { name: 'Ada' } } };
    expect(await ask('tasks/update', { taskId, inputResponses })).toEqual({ resultType: 'complete' });
    expect(JSON.stringify(await until('completed'))).toContain('Hello, Ada!');
    expect(await manager.list('pending')).toEqual([]);
    const continued = (await ledger.events()).filter(({ data }) => data['continues'] === callId);
    expect(continued).toHaveLength(1);
  });
});

describe('the task of a held call, for a legacy client that asks for one', () => {
  const task = { ttl: 60_000 };
  const begin = async () => {
    const client = await legacyClient(system, 'data-engineer', 'mcp/old');
    const { result } = await client.call('tools/call', { ...SLOW, task });
    const made = result?.['task'] as Result;
    expect(made).toMatchObject({ status: 'working' });
    return { client, taskId: made['taskId'] };
  };

  it('is working while people decide, and its result comes when it is asked for', async () => {
    const { client, taskId } = await begin();
    expect((await client.call('tasks/get', { taskId })).result).toMatchObject({ taskId, status: 'working' });
    const waiting = client.call('tasks/result', { taskId });
    await approve();
    await waitUntil('its result', async () => {
      const { result } = await client.call('tasks/result', { taskId });
      return JSON.stringify(result).includes('Computed [US_SSN].');
    });
    expect(JSON.stringify((await waiting).result)).toContain('Computed [US_SSN].');
  });

  it('that is denied has failed, and its result says why', async () => {
    const { client, taskId } = await begin();
    const held = await pending();
    await manager.deny(held.id, { digest: held.digest, reason: 'not this quarter' });
    await waitUntil(
      'the failure',
      async () => (await client.call('tasks/get', { taskId })).result?.['status'] === 'failed',
    );
    const { result } = await client.call('tasks/result', { taskId });
    expect(result).toMatchObject({ isError: true });
    expect(JSON.stringify(result)).toContain('not this quarter');
  });

  it('is cancelled with its approval', async () => {
    const { client, taskId } = await begin();
    const held = await pending();
    const { result } = await client.call('tasks/cancel', { taskId });
    expect(result).toMatchObject({ status: 'cancelled' });
    expect((await manager.one(held.id)).status).toBe('withdrawn');
    expect((await client.call('tasks/result', { taskId })).error?.data?.code).toBe('call_cancelled');
  });
});

it('the history of all these replays without a difference', async () => {
  expect((await ledger.replay()).different).toEqual([]);
});
