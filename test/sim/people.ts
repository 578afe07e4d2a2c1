import { targetOf } from '#core/call/target.js';
import { indexPolicy } from '#core/policy/index-policy.js';
import type { RestCaller } from '#http/rest-caller.js';
import { parsePolicyFile } from '#policy-file/parse-policy-file.js';
import type { CallRequest } from '../../apps/ingress/call/call.js';

export const EXPIRES_S = 4;
/** Different people who must approve. */
export const QUORUM = 2;

/** Calls that one approval may cover where its policy lets it cover more than one. */
export const GRANT_USES = 3;

const approvalOf = (grant: string): string =>
  `approval: { by: [manager], count: ${QUORUM}, expires: ${EXPIRES_S}s${grant} }`;

const policy = (
  name: string,
  asks = approvalOf(''),
  expects = `approval ${QUORUM} P-1`,
  groups = 'ENGINEERS',
) => {
  const { bundle, digest } = parsePolicyFile(
    `
policy: 1
name: ${name}
default: deny
roles:
  engineer: { groups: [${groups}] }
  manager: { groups: [MANAGERS] }
operations:
  pay: { kind: write, tools: [bank/pay] }
rules:
  - id: P-1
    says: Two managers approve payments.
    roles: [engineer]
    allow: [pay]
    ${asks}
tests:
  - { as: engineer, call: bank/pay, expect: ${expects} }
`,
    name,
  );
  return { policy: indexPolicy(bundle), digest };
};
export const POLICIES = [policy('first'), policy('second')] as const;
const GRANT = `, grant: { uses: ${GRANT_USES}, for: 1m }`;
export const GRANT_POLICIES = [
  policy('first', approvalOf(GRANT)),
  policy('second', approvalOf(GRANT)),
] as const;

/** Nobody is asked any more: everybody may, or nobody. */
export const WITHOUT_APPROVAL = {
  allowing: policy('allowing', '', 'allow P-1'),
  denying: policy('denying', '', 'allow P-1', 'NOBODY'),
} as const;

/** On Tuesdays, by the clock of the stories, one more manager must approve. */
export const STRICTER_ON_TUESDAYS = policy(
  'tuesdays',
  `${approvalOf('')}
  - id: P-2
    says: Three managers approve payments on Tuesdays.
    roles: any
    on: [pay]
    when: { now: { changeWindow: { days: [tue], from: "00:00", to: "24:00", timeZone: UTC } } }
    approval: { by: [manager], count: ${QUORUM + 1}, expires: ${EXPIRES_S}s }`,
  `approval ${QUORUM + 1} P-1 P-2`,
);

const account = (
  principal: string,
  human: string,
  groups: readonly string[],
  more: Partial<RestCaller> = {},
): RestCaller => ({
  issuer: 'https://issuer',
  subject: principal,
  principal,
  human,
  clientId: 'console',
  groups,
  scopes: [],
  claims: {},
  expiresAt: 9_999_999_999,
  isMachine: false,
  roles: groups.includes('MANAGERS') ? ['manager'] : [],
  ...more,
});

/** The requester is a manager as well, and one human has two accounts. */
export const REQUESTER = account('ana', 'h0', ['ENGINEERS', 'MANAGERS'], { clientId: 'agent' });
export const VOTERS: readonly RestCaller[] = [
  account('max', 'h1', ['MANAGERS']),
  account('eva', 'h2', ['MANAGERS']),
  account('eva-admin', 'h2', ['MANAGERS']),
  account('ana-admin', 'h0', ['MANAGERS']),
  account('robot', 'h3', ['MANAGERS'], { isMachine: true }),
  account('zoe', 'h4', []),
];

const PARAMS = { name: 'pay', arguments: { amount: '10' } };

/** The one request that all schedules are about, each time it comes. */
export const payment = (): CallRequest => {
  const target = targetOf('tools/call', PARAMS);
  if (target === undefined) throw new Error('it has no target');
  return {
    caller: REQUESTER,
    token: 'token',
    client: {
      era: 'modern',
      revision: '2026-07-28',
      info: { name: 'agent', version: '1' },
      capabilities: new Set(),
      logLevel: undefined,
    },
    endpoint: 'mcp/bank',
    method: 'tools/call',
    server: 'bank',
    target,
    params: PARAMS,
  };
};

/** The same from a client that follows tasks. */
export const FOLLOWS_TASKS: Partial<CallRequest> = {
  client: {
    era: 'modern',
    revision: '2026-07-28',
    info: { name: 'agent', version: '1' },
    capabilities: new Set(['tasks']),
    logLevel: undefined,
  },
};
