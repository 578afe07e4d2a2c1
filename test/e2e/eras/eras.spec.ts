import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertEntriesFitSchemas } from '../../schemas/entry-schemas.js';
import { type Approval, approver, type Examiner, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import type { PrivateSystem } from '../support/standalone.js';
import { waitUntil } from '../support/wait-until.js';
import { legacyClient, modernClient, startEras } from './eras.fixture.js';

const ELICITATION = { elicitation: { form: {} } };
const ANSWER = { action: 'accept', content: { name: 'Ada' } };

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
beforeAll(async () => {
  stage = await openStage();
  system = await startEras(stage);
  ledger = await examiner(system);
}, 60_000);
afterAll(() => stage.close(), 30_000);

const pendingOf = (manager: Awaited<ReturnType<typeof approver>>): Promise<Approval> =>
  waitUntil('a pending approval', async () => (await manager.list('pending'))[0]);

const latest = async (type: string) => (await ledger.events()).findLast((entry) => entry.type === type);

describe('everything is governed, not only tools', () => {
  it('lists show what the role may use: prompts, resources, templates', async () => {
    const engineer = await modernClient(system, 'data-engineer', 'mcp/old');
    const prompts = (await engineer.call('prompts/list')).result?.['prompts'] as { name: string }[];
    const resources = (await engineer.call('resources/list')).result?.['resources'] as {
      uri: string;
      name: string;
    }[];
    const { result: templates } = await engineer.call('resources/templates/list');
    expect(prompts.map(({ name }) => name)).toEqual(['test_simple_prompt']);
    expect(resources.map(({ uri }) => uri)).toEqual([
      'test://static-text',
      'test://watched-resource',
      'test://named',
    ]);
    // What a resource is called is data, and masked like it.
    expect(resources.at(-1)?.name).toBe('Statement of [EMAIL]');
    expect(templates?.['resourceTemplates']).toHaveLength(1);
    const analyst = await modernClient(system, 'risk-analyst', 'mcp/old');
    const seen = (await analyst.call('prompts/list')).result?.['prompts'] as { name: string }[];
    expect(seen.map(({ name }) => name)).toEqual(['test_prompt_with_image']);
    expect((await analyst.call('tools/list')).result?.['tools']).toEqual([]);
    const listed = (await ledger.events()).filter(({ type }) => type === 'ListShown').map(({ data }) => data);
    expect(listed.map(({ method, shown }) => [method, shown])).toEqual([
      ['prompts/list', { old: 1 }],
      ['resources/list', { old: 3 }],
      ['resources/templates/list', { old: 1 }],
      ['prompts/list', { old: 1 }],
      ['tools/list', {}],
    ]);
  });

  it.each([
    ['prompts/get', { name: 'test_prompt_with_arguments' }],
    ['resources/read', { uri: 'test://static-binary' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument: {} },
    ],
  ])('%s that no rule allows is denied, and on record as a call', async (method, params) => {
    const engineer = await modernClient(system, 'data-engineer', 'mcp/old');
    const { error } = await engineer.call(method, params);
    expect(error?.data?.code).toBe('call_denied');
    const requested = await latest('CallRequested');
    expect(requested?.data).toMatchObject({ method, server: 'old' });
    expect((await latest('CallDenied'))?.correlation).toBe(requested?.correlation);
  });

  it('a URI that policy and server could read differently is refused', async () => {
    const engineer = await modernClient(system, 'data-engineer', 'mcp/old');
    const uri = 'test://template/%2e%2e/data';
    const { error, status } = await engineer.call('resources/read', { uri });
    expect([status, error?.data?.code]).toEqual([400, 'params_invalid']);
    expect((await latest('RequestRefused'))?.data).toMatchObject({ code: 'params_invalid' });
  });

  it('the united endpoint finds prompts by their server and resources by their URI', async () => {
    const engineer = await modernClient(system, 'data-engineer', 'mcp');
    const prompt = await engineer.call('prompts/get', { name: 'new__test_simple_prompt' });
    expect(prompt.result).toMatchObject({ resultType: 'complete' });
    const resource = await engineer.call('resources/read', { uri: 'test://static-text' });
    // Both servers list it, so only the endpoint of one can tell which is meant.
    expect(resource.error?.data?.code).toBe('params_invalid');
  });
});

it('who connects is on record, in both eras', async () => {
  await legacyClient(system, 'data-engineer', 'mcp/old');
  expect((await latest('SessionStarted'))?.data).toMatchObject({
    client: { name: 'by-hand', version: '1' },
    endpoint: 'mcp/old',
    revision: '2025-11-25',
  });
  const modern = await modernClient(system, 'risk-analyst', 'mcp');
  expect((await modern.call('server/discover')).result).toMatchObject({ resultType: 'complete' });
  const discovered = await latest('ServerDiscovered');
  expect(discovered?.data).toEqual({ client: null, endpoint: 'mcp', revision: '2026-07-28' });
});

describe('a legacy session', () => {
  it('ends with DELETE, on record, and is unknown afterwards', async () => {
    const client = await legacyClient(system, 'data-engineer', 'mcp/old');
    expect((await client.call('ping')).status).toBe(200);
    expect((await client.end()).status).toBe(204);
    expect(await client.call('ping')).toMatchObject({
      status: 404,
      error: { data: { code: 'session_unknown' } },
    });
    expect((await latest('SessionEnded'))?.data).toMatchObject({ client: { name: 'by-hand' } });
  });

  it('hears on its stream that a watched resource has changed, once it may watch it', async () => {
    const client = await legacyClient(system, 'data-engineer', 'mcp/old');
    const stream = await client.listen();
    const uri = 'test://static-binary';
    expect((await client.call('resources/subscribe', { uri })).error?.data?.code).toBe('call_denied');
    expect((await client.call('resources/subscribe', { uri: 'test://watched-resource' })).result).toEqual({});
    expect(stream.status).toBe(200);
    await client.call('tools/call', { name: 'test_trigger_resource_update', arguments: {} });
    const { params } = await stream.next(({ method }) => method === 'notifications/resources/updated');
    expect(params).toEqual({ uri: 'test://watched-resource' });
    stream.cut();
  });

  it('takes up a response stream that was cut, and nobody else can', async () => {
    const client = await legacyClient(system, 'data-engineer', 'mcp/old');
    const params = { name: 'test_tool_with_progress', arguments: {}, _meta: { progressToken: 'p' } };
    const stream = await client.open('tools/call', params);
    await stream.next(({ method }) => method === 'notifications/progress');
    const id = stream.lastEventId();
    stream.cut();
    const thief = await legacyClient(system, 'risk-analyst', 'mcp/old');
    expect((await thief.listen(id)).status).toBe(404);
    const resumed = await client.listen(id);
    const answer = await resumed.next(({ result }) => result !== undefined);
    expect(answer.result).toMatchObject({ content: [{ type: 'text' }] });
  });
});

describe('subscriptions/listen of a modern client', () => {
  it('acknowledges what the caller may watch and no more, and tells of its changes', async () => {
    const client = await modernClient(system, 'data-engineer', 'mcp/new');
    const uri = 'test://watched-resource';
    const wanted = { resourceSubscriptions: [uri, 'test://static-binary'] };
    const stream = await client.open('subscriptions/listen', { notifications: wanted });
    const acknowledged = await stream.next(
      ({ method }) => method === 'notifications/subscriptions/acknowledged',
    );
    expect(acknowledged.params?.['notifications']).toEqual({ resourceSubscriptions: [uri] });
    await client.call('tools/call', { name: 'test_trigger_resource_update', arguments: {} });
    const { params } = await stream.next(({ method }) => method === 'notifications/resources/updated');
    expect(params).toMatchObject({ uri });
    stream.cut();
  });
});

describe('a question of a server', () => {
  it('reaches a modern client of a legacy server as input_required, and its answer finishes the very call', async () => {
    const client = await modernClient(system, 'data-engineer', 'mcp/old');
    const ask = { name: 'test_elicitation', arguments: { message: 'Your name? Not 078-05-1120' } };
    const first = await client.call('tools/call', ask, ELICITATION);
    const { resultType, inputRequests, requestState } = first.result as Record<string, object | string>;
    expect(resultType).toBe('input_required');
    expect(JSON.stringify(inputRequests)).toContain('[US_SSN]');
    const [key = ''] = Object.keys(inputRequests ?? {});
    const answers = { inputResponses: { [key]: ANSWER }, requestState };
    const other = await modernClient(system, 'risk-analyst', 'mcp/old');
    const stolen = await other.call('tools/call', { ...ask, ...answers }, ELICITATION);
    expect(stolen.error?.data?.code).toBe('params_invalid');
    const changed = { ...ask, arguments: { message: 'another' }, ...answers };
    expect((await client.call('tools/call', changed, ELICITATION)).error?.data?.code).toBe('params_invalid');
    const second = await client.call('tools/call', { ...ask, ...answers }, ELICITATION);
    expect(JSON.stringify(second.result)).toContain('Ada');
    const again = await client.call('tools/call', { ...ask, ...answers }, ELICITATION);
    expect(again.error?.data?.code ?? JSON.stringify(again.result)).toContain('question_unanswered');
    const asked = await latest('InputRequested');
    const answered = await latest('InputAnswered');
    expect(asked?.data).toMatchObject({ because: null, method: 'elicitation/create' });
    expect(answered?.correlation).toBe(asked?.correlation);
  });

  it('that policy does not allow is never shown, and on record', async () => {
    const client = await modernClient(system, 'data-engineer', 'mcp/old');
    const ask = { name: 'test_sampling', arguments: { prompt: 'Say it' } };
    const { result, error } = await client.call('tools/call', ask, { sampling: {} });
    expect(result?.['inputRequests']).toBeUndefined();
    expect(JSON.stringify(result ?? error)).toContain('does not allow');
    expect((await latest('InputRequested'))?.data).toMatchObject({
      because: 'no rule allows it',
      method: 'sampling/createMessage',
    });
  });

  it('of a modern server reaches a legacy client on its stream; each round is a call that continues the one before', async () => {
    const client = await legacyClient(system, 'data-engineer', 'mcp/new', { elicitation: {} });
    const manager = await approver(system, 'manager-1');
    const params = { name: 'test_elicitation', arguments: { message: 'Your name?' } };
    const stream = await client.open('tools/call', params);
    const pending = await pendingOf(manager);
    await manager.approve(pending.id, { digest: pending.digest });
    const question = await stream.next(({ method }) => method === 'elicitation/create');
    expect((await client.send({ id: question.id, result: ANSWER })).status).toBe(202);
    const answer = await stream.next(({ result }) => result !== undefined);
    expect(JSON.stringify(answer.result)).toContain('Ada');
    expect(answer.result?.['resultType']).toBeUndefined();
    const last = await latest('CallRequested');
    expect(last?.data['continues']).toBe(pending.callId);
    // One approval carries the continuation: nobody was asked twice.
    expect(await manager.list('pending')).toEqual([]);
  });
});

describe('an approval in the modern era', () => {
  const ask = { name: 'test_input_required_result_elicitation', arguments: {} };

  it('is withdrawn when the client closes the stream', async () => {
    const client = await modernClient(system, 'data-engineer', 'mcp/new');
    const manager = await approver(system, 'manager-1');
    const stream = await client.open('tools/call', ask, ELICITATION);
    const pending = await pendingOf(manager);
    stream.cut();
    await waitUntil(
      'the approval is withdrawn',
      async () => (await manager.one(pending.id)).status === 'withdrawn',
    );
    expect((await latest('CallCancelled'))?.correlation).toBe(pending.callId);
  });

  it('carries one continuation of the call it was given for, with the same arguments', async () => {
    const client = await modernClient(system, 'data-engineer', 'mcp/new');
    const manager = await approver(system, 'manager-1');
    const stream = await client.open('tools/call', ask, ELICITATION);
    const pending = await pendingOf(manager);
    await manager.approve(pending.id, { digest: pending.digest });
    const first = await stream.next(({ result }) => result !== undefined);
    const { resultType, inputRequests, requestState } = first.result as Record<string, object | string>;
    expect(resultType).toBe('input_required');
    const [key = ''] = Object.keys(inputRequests ?? {});
    const answers = { inputResponses: { [key]: ANSWER }, requestState };
    const second = await client.call('tools/call', { ...ask, ...answers }, ELICITATION);
    expect(JSON.stringify(second.result)).toContain('Hello, Ada!');
    const third = await client.call('tools/call', { ...ask, ...answers }, ELICITATION);
    expect(JSON.stringify(third)).toContain('approval_stale');
    expect((await latest('CallDenied'))?.data['code']).toBe('approval_stale');
  });
});

it('the history of both eras replays without a difference', async () => {
  expect((await ledger.replay()).different).toEqual([]);
});

it('every entry of all that fits the published schema of its type and version', async () => {
  const entries = await ledger.events();
  expect(entries.length).toBeGreaterThan(50);
  assertEntriesFitSchemas(entries);
});
