import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type ChangingServer,
  changingUpstream,
  startChangingServer,
  tool,
} from './support/changing-server.js';
import { catalogOf } from './support/operator.js';
import { codeOf, rawPost, toolCall } from './support/raw.js';
import { approver } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { waitUntil } from './support/wait-until.js';

const POLICY = `policy: 1
name: every-call-is-approved
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
  operator: { groups: [BANK-OPERATIONS] }
operations:
  pay: { kind: write, tools: [bank/pay] }
rules:
  - id: A-1
    says: A manager approves.
    roles: [data-engineer]
    allow: [pay]
    approval: { by: [manager], count: 1, expires: 10m }
tests:
  - { as: data-engineer, call: bank/pay, args: {}, expect: approval 1 A-1 }
`;

let stage: Stage;
let server: ChangingServer;
let system: PrivateSystem;

beforeAll(async () => {
  stage = await openStage();
  server = await startChangingServer(stage, { tools: [tool('pay')] });
  system = await startPrivate(stage, { policy: POLICY, upstreams: [changingUpstream('bank', server)] });
}, 60_000);
afterAll(() => stage.close(), 30_000);

it('a call that waits for its approval is never forwarded to a tool that changed meanwhile', async () => {
  const authorization = `Bearer ${await system.issuer.token('data-engineer')}`;
  const send = () => rawPost(`${system.urls.ingress}/mcp/bank`, toolCall('pay', {}), { authorization });
  const manager = await approver(system, 'manager-1');
  const operator = await catalogOf(system);
  const waiting = send();
  const held = await waitUntil('the approval', async () => (await manager.list('pending'))[0]);
  server.set({ tools: [tool('pay', { description: 'Pays twice.' })] });
  await waitUntil(
    'the drift',
    async () => (await operator.one('bank', 'tools', 'pay')).body.state === 'drifted',
  );
  expect((await manager.approve(held.id, { digest: held.digest })).status).toBe(200);
  expect(codeOf(await waiting)).toBe('approval_stale');
  expect(codeOf(await send())).toBe('tool_held');
  expect(server.called).toEqual([]);
});
