import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChangingServer,
  changingUpstream,
  openPolicy,
  startChangingServer,
  tool,
} from './support/changing-server.js';
import { codeOf, type RawAnswer, rawPost, rpc, toolCall } from './support/raw.js';
import { type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { waitUntil } from './support/wait-until.js';

let stage: Stage;
let server: ChangingServer;
let system: PrivateSystem;
let ledger: Examiner;

beforeAll(async () => {
  stage = await openStage();
  server = await startChangingServer(stage, { tools: [tool('read')] });
  system = await startPrivate(stage, {
    policy: openPolicy(['files/read', 'narrow/read']),
    upstreams: [changingUpstream('files', server), changingUpstream('narrow', server)],
    settings: {
      limits: {
        budgets: {
          caller: { argument_bytes: 100, concurrent_calls: 3, result_bytes: 1_000 },
          session: { calls: 2 },
          servers: { narrow: { calls_per_hour: 1 } },
        },
      },
    },
  });
  ledger = await examiner(system);
}, 60_000);
afterAll(() => stage.close(), 30_000);

const post = async (
  upstream: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> =>
  rawPost(`${system.urls.ingress}/mcp/${upstream}`, body, {
    authorization: `Bearer ${await system.issuer.token('data-engineer')}`,
    ...headers,
  });
const lastDenial = async () => (await ledger.events()).findLast(({ type }) => type === 'CallDenied')?.data;

const expectExceeded = async (answer: RawAnswer, says: RegExp): Promise<void> => {
  expect({ status: answer.status, code: codeOf(answer) }).toEqual({ status: 429, code: 'budget_exceeded' });
  expect(answer.text).toMatch(says);
  expect(await lastDenial()).toMatchObject({ code: 'budget_exceeded', reason: expect.stringMatching(says) });
};

describe('a budget', () => {
  it('of arguments refuses the call that is too large, on record, and nothing goes upstream', async () => {
    const calls = server.called.length;
    const large = await post('files', toolCall('read', { text: 'x'.repeat(100) }));
    await expectExceeded(large, /budget \\?"caller\\?", argument_bytes: waiting does not help/);
    expect(server.called.length).toBe(calls);
    expect(codeOf(await post('files', toolCall('read', { text: 'x' })))).toBeUndefined();
  });

  it('of concurrent calls refuses one too many, and lets in the next when one has ended', async () => {
    server.hold();
    const running = [1, 2, 3].map((id) =>
      post('files', rpc('tools/call', { name: 'read', arguments: {} }, id)),
    );
    await waitUntil('three calls under way', () => server.underWay() === 3);
    await expectExceeded(await post('files', toolCall('read', {})), /concurrent_calls: again in \d+ ms/);
    server.release();
    for (const answer of await Promise.all(running)) expect(codeOf(answer)).toBeUndefined();
    expect(codeOf(await post('files', toolCall('read', {})))).toBeUndefined();
  });

  it('of a server counts the calls of a caller there, and says when the next may come', async () => {
    expect(codeOf(await post('narrow', toolCall('read', {})))).toBeUndefined();
    const second = await post('narrow', toolCall('read', {}));
    await expectExceeded(second, /budget \\?"servers\.narrow\\?", calls_per_hour: again in \d+ ms/);
    expect(codeOf(await post('files', toolCall('read', {})))).toBeUndefined();
  });

  it('of a session counts its calls; another session has its own', async () => {
    const open = async (): Promise<Readonly<Record<string, string>>> => {
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 't', version: '1' },
      };
      const { headers } = await post('files', rpc('initialize', params));
      return { 'mcp-session-id': String(headers['mcp-session-id']), 'mcp-protocol-version': '2025-11-25' };
    };
    const session = await open();
    expect(codeOf(await post('files', toolCall('read', {}), session))).toBeUndefined();
    expect(codeOf(await post('files', toolCall('read', {}), session))).toBeUndefined();
    await expectExceeded(await post('files', toolCall('read', {}), session), /budget \\?"session\\?", calls/);
    expect(codeOf(await post('files', toolCall('read', {}), await open()))).toBeUndefined();
  });

  it('of results withholds one that is too large', async () => {
    server.answer('y'.repeat(2_000));
    expect(codeOf(await post('files', toolCall('read', {})))).toBe('result_too_large');
  });
});
