import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEverything as startFixture } from '../../conformance/everything/everything-server.js';
import { modernClient } from '../eras/eras.fixture.js';
import { examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { waitUntil } from '../support/wait-until.js';
import { everythingAsChild, startEverything } from './everything-servers.js';

const TOOL = 'simulate-research-query';
const METHODS = ['tasks/get', 'tasks/result', 'tasks/update', 'tasks/cancel', 'elicitation/create'];
const LEGACY = ['stdio', 'http'];
const methods = ['modern', ...LEGACY].flatMap((server) => METHODS.map((method) => `${server}/${method}`));

const POLICY = `policy: 1
name: real-tasks
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  research:
    kind: read
    tools: ${JSON.stringify(['modern/confirm_delete', ...LEGACY.map((name) => `${name}/${TOOL}`)])}
    methods: ${JSON.stringify(methods)}
rules:
  - { id: T-1, says: Engineers do research., roles: [data-engineer], allow: [research], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, PAN, EMAIL, PHONE], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
`;
const SERVER_REQUESTS = ['elicitation/create'];
const FORMS = { elicitation: { form: {} } };
const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const CLARIFIED = { action: 'accept', content: { interpretation: 'technical' } };

let stage: Stage;
let system: PrivateSystem;
beforeAll(async () => {
  stage = await openStage();
  const [overHttp, modern] = await Promise.all([startEverything(stage, 'http'), startFixture('modern')]);
  stage.defer(modern.close);
  system = await startPrivate(stage, {
    policy: POLICY,
    upstreams: [
      everythingAsChild('stdio', { server_requests: SERVER_REQUESTS }),
      { ...overHttp.settings, server_requests: SERVER_REQUESTS },
      { name: 'modern', transport: 'http', url: modern.url, server_requests: SERVER_REQUESTS },
    ],
  });
}, 60_000);
afterAll(() => stage.close(), 30_000);

describe.each(LEGACY)('a tool of the reference server over %s that runs as a task only', (server) => {
  const research = { name: TOOL, arguments: { topic: 'of 078-05-1120', ambiguous: true } };

  it('is followed by a modern client: its question asked and answered, its result masked', async () => {
    const client = await modernClient(system, 'data-engineer', `mcp/${server}`);
    const ask = (method: string, params: Record<string, unknown>) =>
      client.call(method, params, { ...FORMS, ...TASKS });
    const { taskId, resultType } = (await ask('tools/call', research)).result ?? {};
    expect(resultType).toBe('task');
    const until = (...wanted: readonly string[]) =>
      waitUntil(wanted.join(), async () => {
        const { result } = await ask('tasks/get', { taskId });
        return wanted.includes(String(result?.['status'])) ? result : undefined;
      });
    const asking = await until('input_required');
    const questions = asking['inputRequests'] as Record<string, object>;
    expect(JSON.stringify(questions)).toContain('of [US_SSN]');
    const inputResponses = Object.fromEntries(Object.keys(questions).map((key) => [key, CLARIFIED]));
    await ask('tasks/update', { taskId, inputResponses });
    const done = await until('completed', 'failed');
    expect(JSON.stringify(done['result'])).toContain('of [US_SSN] (technical)');
  });

  it('is waited for on behalf of a client without tasks, which is asked as in any call', async () => {
    const client = await modernClient(system, 'data-engineer', `mcp/${server}`);
    const asking = await client.call('tools/call', research, FORMS);
    const { resultType, inputRequests, requestState } = asking.result ?? {};
    expect(resultType).toBe('input_required');
    const keys = Object.keys(inputRequests as object);
    const inputResponses = Object.fromEntries(keys.map((key) => [key, CLARIFIED]));
    const done = await client.call('tools/call', { ...research, inputResponses, requestState }, FORMS);
    expect(done.result).toMatchObject({ resultType: 'complete' });
    expect(JSON.stringify(done.result)).toContain('of [US_SSN] (technical)');
  });
});

it('a task of a modern server is followed by the SDK v1: made, asked for input, and done', async () => {
  const client = new Client({ name: 'task-tests', version: '1.0.0' }, { capabilities: FORMS });
  const asked: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ params: { message } }) => {
    asked.push(message);
    return { action: 'accept' as const, content: { name: 'Ada', confirm: true } };
  });
  const token = await system.issuer.token('data-engineer');
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const url = new URL(`${system.urls.ingress}/mcp/modern`);
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }) as Transport);
  await client.listTools();
  const params = { name: 'confirm_delete', arguments: { filename: '078-05-1120' } };
  const stream = client.experimental.tasks.callToolStream(params, CallToolResultSchema, {
    task: { ttl: 60_000 },
  });
  const seen: string[] = [];
  let text = '';
  for await (const message of stream) {
    seen.push(message.type);
    if (message.type === 'result') text = JSON.stringify(message.result);
  }
  expect(seen[0]).toBe('taskCreated');
  expect(seen.at(-1)).toBe('result');
  expect(asked).toEqual(['Delete [US_SSN]?']);
  expect(text).toContain('[US_SSN]');
  expect(text).toContain('accept');
  await client.close();
});

it('the history of all of them replays without a difference', async () => {
  expect((await (await examiner(system)).replay()).different).toEqual([]);
});
