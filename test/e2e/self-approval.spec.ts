import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimsFor, makeKey, nowSeconds, sign, startIssuer } from '#identity/issuer.fixture.js';
import { type Agent, connectAgent } from './support/agents.js';
import { bankUpstream, startBank } from './support/bank.js';
import { demoPolicyWith, withoutTests } from './support/policies.js';
import { type Approval, examiner } from './support/rest.js';
import { openStage } from './support/stage.js';
import { startPrivate } from './support/standalone.js';
import { waitUntil } from './support/wait-until.js';

/** Two managers approve; managers delegate to engineers; operators and policy owners break the glass. */
const POLICY = withoutTests(
  demoPolicyWith(
    'approval: { by: [manager], count: 1, expires: 30m }',
    `approval:
      by: [manager]
      count: 2
      break_glass: { roles: [operator, policy-owner], review: [examiner] }`,
  ),
).replace(
  'groups: [BANK-DATA-MGR] }',
  'groups: [BANK-DATA-MGR], delegates: { to: [data-engineer], max: 1d } }',
);

const GROUP = {
  engineer: 'BANK-DATA-ENG',
  manager: 'BANK-DATA-MGR',
  operator: 'BANK-OPERATIONS',
  owner: 'BANK-POLICY-OWNER',
} as const;
type Claims = Readonly<Record<string, unknown>>;

const start = async () => {
  const stage = await openStage();
  const bank = await startBank(stage);
  const key = await makeKey('k');
  const providers = [await startIssuer([key]), await startIssuer([key])];
  for (const { close } of providers) stage.defer(close);
  const system = await startPrivate(stage, {
    policy: POLICY,
    upstreams: [bankUpstream(bank)],
    settings: (issuer) => ({
      identity: {
        issuers: [{ issuer }, ...providers.map(({ url }) => ({ issuer: url, human_claim: 'employee_id' }))],
      },
      approvals: { machine_clients: ['robot-*'], machine_claims: { token_use: ['agent'] } },
    }),
  });
  const base = system.urls.ingress;
  const token = (sub: string, human: string, groups: readonly string[], claims: Claims = {}, at = 0) =>
    sign(key, {
      ...claimsFor(providers[at]?.url ?? '', base),
      aud: [base, `${base}/mcp/core-banking`],
      sub,
      preferred_username: sub,
      employee_id: human,
      groups,
      client_id: 'console',
      jti: randomUUID(),
      ...claims,
    });
  return { stage, bank, system, base, token, issuer: providers[0]?.url ?? '' };
};

let running: Awaited<ReturnType<typeof start>>;
let agent: Agent;
let held: Approval;
let other: Approval;
const refusals: string[] = [];

const send = async (token: string, path: string, body?: object) => {
  const response = await fetch(`${running.base}/${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  return (await response.json()) as { code?: string; status?: unknown; id?: string };
};
const everyRole = Object.values(GROUP);
/** The requester, who holds every role there is. */
const requester = (claims: Claims = {}) => running.token('requester', 'h-1', everyRole, claims);
const manager = (claims: Claims = {}) => running.token('manager', 'h-2', [GROUP.manager], claims);

const hold = async (notes: string): Promise<Approval> => {
  agent.call('update_customer', { customer_id: 'C-1003', fields: { notes } }).catch(() => undefined);
  const token = await manager();
  return waitUntil('a pending approval', async () => {
    const { items } = (await send(token, 'approvals?status=pending')) as unknown as { items: Approval[] };
    return items.find((one) => JSON.stringify(one.arguments).includes(notes));
  });
};
const delegate = async (from: string, to: string) => {
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const account = { issuer: running.issuer, subject: to, principal: to };
  return send(from, 'delegations', { to: account, roles: ['manager'], until, reason: 'holiday' });
};

beforeAll(async () => {
  running = await start();
  const url = `${running.base}/mcp/core-banking`;
  agent = await connectAgent('SDK v2', { url, token: await requester({ client_id: 'agent-1' }) });
  held = await hold('mine');
  other = await hold('another one');
}, 90_000);
afterAll(async () => {
  await agent.close();
  await running.stage.close();
});

type Attempt = () => Promise<{ readonly code?: string }>;
const approve = async (token: Promise<string>, more: object = {}) =>
  send(await token, `approvals/${held.id}/approve`, { digest: held.digest, ...more });
const breakGlass = async (token: Promise<string>) =>
  send(await token, `approvals/${held.id}/break-glass`, { digest: held.digest, reason: 'fire' });

const DISGUISES: readonly (readonly [string, string, Attempt])[] = [
  ['in person', 'approver_is_requester', () => approve(requester())],
  [
    'with another name',
    'approver_is_requester',
    () => approve(requester({ preferred_username: 'somebody else' })),
  ],
  [
    'with a second account',
    'approver_is_requester',
    () => approve(running.token('requester-adm', 'h-1', [GROUP.manager])),
  ],
  [
    'with a second account that spells the human otherwise',
    'approver_is_requester',
    () => approve(running.token('requester-adm', ' H-1', [GROUP.manager])),
  ],
  [
    'with an account of a second issuer',
    'approver_is_requester',
    () => approve(running.token('elsewhere', 'h-1', [GROUP.manager], {}, 1)),
  ],
  [
    'with only the second group',
    'approver_is_requester',
    () => approve(running.token('requester', 'h-1', [GROUP.manager])),
  ],
  ['through the agent', 'approver_not_eligible', () => approve(manager({ client_id: 'agent-1' }))],
  ['with an act claim', 'approver_not_eligible', () => approve(manager({ act: { sub: 'agent-1' } }))],
  ['with a client of machines', 'approver_not_eligible', () => approve(manager({ client_id: 'robot-7' }))],
  ['with a token of an agent', 'approver_not_eligible', () => approve(manager({ token_use: 'agent' }))],
  [
    'with client credentials',
    'approver_not_eligible',
    () => approve(running.token('svc', 'h-9', [GROUP.manager], { gty: 'client-credentials' })),
  ],
  [
    'with an expired token of a manager',
    'token_expired',
    () => approve(manager({ iat: nowSeconds() - 600, exp: nowSeconds() - 300 })),
  ],
  ['with the digest of another call', 'digest_mismatch', () => approve(manager(), { digest: other.digest })],
  ['with no digest', 'digest_mismatch', () => approve(manager(), { digest: undefined })],
  [
    'as a delegate of a manager',
    'approver_is_requester',
    async () => {
      const { id } = await delegate(await manager(), 'requester');
      return approve(requester(), { delegation: id });
    },
  ],
  [
    'through a delegate of theirs',
    'approver_is_requester',
    async () => {
      const { id } = await delegate(await requester(), 'colleague');
      return approve(running.token('colleague', 'h-3', [GROUP.engineer]), { delegation: id });
    },
  ],
  [
    'through a delegate who is their second account',
    'delegation_refused',
    async () => {
      const { id } = await delegate(await requester(), 'second');
      return approve(running.token('second', 'h-1', [GROUP.engineer]), { delegation: id });
    },
  ],
  [
    'with the delegation of somebody else',
    'approval_unknown',
    async () => {
      const { id } = await delegate(await manager(), 'colleague-2');
      return approve(running.token('thief', 'h-4', [GROUP.engineer]), { delegation: id });
    },
  ],
  ['by break-glass', 'approver_is_requester', () => breakGlass(requester())],
  [
    'by break-glass of a second account',
    'approver_is_requester',
    () => breakGlass(running.token('requester-adm', 'h-1', [GROUP.operator])),
  ],
];

const tried = async (code: string, attempt: Attempt): Promise<void> => {
  refusals.push(code);
  expect(await attempt()).toMatchObject({ code });
  expect(await send(await manager(), `approvals/${held.id}`)).toMatchObject({ status: 'pending' });
};

describe('approval of one’s own call', () => {
  it.each(DISGUISES)('%s is refused: %s', (_, code, attempt) => tried(code, attempt), 20_000);

  it('is not made of one vote twice, nor of one human twice', async () => {
    expect(await approve(manager())).toMatchObject({ status: 'pending' });
    await tried('approver_voted_already', () => approve(manager()));
    await tried('approver_voted_already', () => approve(running.token('m-2', 'h-2', [GROUP.manager])));
    await tried('approver_voted_already', () => approve(running.token('m-3', 'h-2', [GROUP.manager], {}, 1)));
  });

  it('is not made of one human in both roles of break-glass', async () => {
    const both = [GROUP.operator, GROUP.owner];
    expect(await breakGlass(running.token('both', 'h-5', both))).toMatchObject({ status: 'pending' });
    await tried('approver_voted_already', () => breakGlass(running.token('both', 'h-5', both)));
    await tried('approver_voted_already', () => breakGlass(running.token('both-2', 'h-5', both, {}, 1)));
  });

  it('has succeeded never, and left every attempt on record', async () => {
    const all = await (await examiner(running.system)).events();
    expect(running.bank.stats().calls).toBe(0);
    expect(all.filter(({ type }) => type === 'ApprovalGranted')).toEqual([]);
    const recorded = all.filter(({ type }) => type === 'RequestRefused').map(({ data }) => data['code']);
    expect(refusals.length).toBeGreaterThan(20);
    expect(recorded).toEqual(refusals);
  });
});
