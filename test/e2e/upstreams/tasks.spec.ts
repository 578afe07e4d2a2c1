import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programOf } from '../clients/real-programs.js';
import { runProgram } from '../clients/run-program.js';
import { examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { everythingAsChild } from './everything-servers.js';

const TOOL = 'simulate-research-query';
const METHODS = ['tasks/get', 'tasks/result', 'tasks/cancel'];

const POLICY = `policy: 1
name: tasks
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  research:
    kind: read
    tools: [research/${TOOL}]
    methods: ${JSON.stringify(METHODS.map((method) => `research/${method}`))}
rules:
  - { id: T-1, says: Engineers do research., roles: [data-engineer], allow: [research], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, PAN, EMAIL, PHONE], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:
  - { as: data-engineer, call: research/${TOOL}, args: {}, expect: allow T-1 masked }
`;

describe('tasks of a legacy server', () => {
  let stage: Stage;
  let system: PrivateSystem;
  let url: string;
  let token: string;
  beforeAll(async () => {
    stage = await openStage();
    system = await startPrivate(stage, { policy: POLICY, upstreams: [everythingAsChild('research')] });
    url = `${system.urls.ingress}/mcp/research`;
    token = await system.issuer.token('data-engineer');
  }, 60_000);
  afterAll(() => stage.close(), 30_000);

  it.concurrent('run for the SDK v1: made, looked at, and fetched when they are done', async () => {
    const client = new Client({ name: 'task-tests', version: '1.0.0' });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }) as Transport);
    await client.listTools();
    const seen: string[] = [];
    let text = '';
    const params = { name: TOOL, arguments: { topic: 'gateways' } };
    const stream = client.experimental.tasks.callToolStream(params, CallToolResultSchema, {
      task: { ttl: 60_000 },
    });
    for await (const message of stream) {
      seen.push(message.type);
      if (message.type === 'result') text = JSON.stringify(message.result);
    }
    expect(seen[0]).toBe('taskCreated');
    expect(seen.at(-1)).toBe('result');
    expect(text).toContain('gateways');
    await client.close();
  });

  it.concurrent('run for mcpc, and every look at a task is on record', async () => {
    const home = join(stage.folder, 'home');
    await mkdir(home);
    const mcpc = (...args: readonly string[]) =>
      runProgram(programOf('@apify/mcpc', 'mcpc'), ['--json', ...args], home);
    await mcpc('connect', url, '@research', '--header', `Authorization: Bearer ${token}`, '--no-profile');
    const done = await mcpc('@research', 'tools-call', TOOL, 'topic:="vaults"', '--task');
    expect(done).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('vaults') });
    await mcpc('close', '@research');
    const calls = await (await examiner(system)).calls();
    expect(calls.filter(({ agent }) => agent === 'mcpc').map(({ tool }) => tool)).toEqual(
      expect.arrayContaining([TOOL, 'tasks/get', 'tasks/result']),
    );
  }, 60_000);
});
