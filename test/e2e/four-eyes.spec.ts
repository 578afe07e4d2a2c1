import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChangingServer,
  changingUpstream,
  startChangingServer,
  tool,
} from './support/changing-server.js';
import { catalogOf } from './support/operator.js';
import { codeOf, rawPost, toolCall } from './support/raw.js';
import { approver, examiner, policyOwner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, type Settings, startPrivate } from './support/standalone.js';
import { waitUntil } from './support/wait-until.js';

const policy = (name: string): string => `policy: 1
name: ${name}
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
  policy-owner: { groups: [BANK-POLICY-OWNER] }
operations:
  read: { kind: read, tools: [files/read] }
  write: { kind: write, tools: [files/write] }
rules:
  - { id: A-1, says: Engineers read., roles: [data-engineer], allow: [read] }
  - { id: A-2, says: Engineers write with a manager., roles: [data-engineer], allow: [write], approval: { by: [manager] } }
tests:
  - { as: data-engineer, call: files/read, expect: allow A-1 }
`;

interface World {
  readonly stage: Stage;
  readonly system: PrivateSystem;
  readonly server: ChangingServer;
}

const start = async (settings: (issuer: string) => Settings): Promise<World> => {
  const stage = await openStage();
  const server = await startChangingServer(stage, { tools: [tool('read'), tool('write')] });
  const system = await startPrivate(stage, {
    policy: policy('first'),
    upstreams: [changingUpstream('files', server)],
    settings: (issuer) => ({
      roles: { operator: ['policy-owner'] },
      disclosures: { approvers: ['manager'] },
      catalog: { repin_approvals: 2 },
      ...settings(issuer),
    }),
  });
  return { stage, system, server };
};

const send = async ({ system }: World, user: string, path: string, body?: object) => {
  const response = await fetch(`${system.urls.ingress}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      authorization: `Bearer ${await system.issuer.token(user)}`,
      'content-type': 'application/json',
    },
  });
  return (await response.json()) as { readonly id: string; readonly digest: string; readonly code?: string };
};
const call = async ({ system }: World, name: string) => {
  const authorization = `Bearer ${await system.issuer.token('data-engineer')}`;
  return codeOf(await rawPost(`${system.urls.ingress}/mcp/files`, toolCall(name, {}), { authorization }));
};

/** What another person’s vote is answered at each door, after somebody else has asked. */
const DOORS: readonly (readonly [string, (world: World) => Promise<string | undefined>])[] = [
  [
    'held calls',
    async (world) => {
      const waiting = call(world, 'write');
      const manager = await approver(world.system, 'manager-1');
      const held = await waitUntil('the held call', async () => (await manager.list('pending')).at(0));
      const { body } = await manager.approve(held.id, { digest: held.digest });
      await send(world, 'data-engineer', `/approvals/${held.id}/withdraw`, {});
      await waiting;
      return body.code;
    },
  ],
  [
    'policies',
    async (world) => {
      const owner = await policyOwner(world.system, 'policy-owner-1');
      const { id, digest } = (await owner.propose(policy('second'), 'a reason')).body;
      return (await (await policyOwner(world.system, 'policy-owner-2')).approve(id, { digest })).body.code;
    },
  ],
  [
    'sealed originals',
    async (world) => {
      expect(await call(world, 'read')).toBeUndefined();
      const [item] = await (await examiner(world.system)).calls();
      const asked = { call: item?.id, reason: 'a reason' };
      const { id, digest } = await send(world, 'examiner', '/ledger/disclosures', asked);
      return (await send(world, 'manager-1', `/ledger/disclosures/${id}/approve`, { digest })).code;
    },
  ],
];

const refusedCodes = async ({ system }: World) =>
  (await (await examiner(system)).events())
    .filter(({ type }) => type === 'RequestRefused')
    .map(({ data }) => data['code']);

describe('accounts of one human are one pair of eyes at every door', () => {
  let world: World;
  beforeAll(async () => {
    // The claim that all accounts of this issuer share: for the gateway they are one human.
    world = await start((issuer) => ({ identity: { issuers: [{ issuer, human_claim: 'client_id' }] } }));
  }, 60_000);
  afterAll(() => world.stage.close(), 30_000);

  it.each(DOORS)('%s', async (_, voteAfterAsking) => {
    expect(await voteAfterAsking(world)).toBe('approver_is_requester');
    expect((await refusedCodes(world)).at(-1)).toBe('approver_is_requester');
  });

  it('definitions of tools', async () => {
    world.server.set({ tools: [tool('read', { description: 'Other.' }), tool('write')] });
    const one = await catalogOf(world.system, 'policy-owner-1');
    const { digest } = await waitUntil('the change', async () => {
      const { body } = await one.one('files', 'tools', 'read');
      return body.state === 'drifted' ? body : undefined;
    });
    expect((await one.approve('files', 'tools', 'read', { digest })).body).toMatchObject({ stillNeeded: 1 });
    const two = await catalogOf(world.system, 'policy-owner-2');
    expect((await two.approve('files', 'tools', 'read', { digest })).body.code).toBe(
      'approver_voted_already',
    );
    expect((await refusedCodes(world)).at(-1)).toBe('approver_voted_already');
  });
});

describe('a token of the program that asked approves nothing at any door', () => {
  let world: World;
  beforeAll(async () => {
    // The only client of this issuer is no longer one that people use for both.
    world = await start(() => ({ approvals: { human_clients: ['another-client'] } }));
  }, 60_000);
  afterAll(() => world.stage.close(), 30_000);

  it.each(DOORS)('%s', async (_, voteAfterAsking) => {
    expect(await voteAfterAsking(world)).toBe('approver_not_eligible');
    expect((await refusedCodes(world)).at(-1)).toBe('approver_not_eligible');
  });
});
