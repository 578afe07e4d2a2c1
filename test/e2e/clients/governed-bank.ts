import { bankUpstream, startBank } from '../support/bank.js';
import { demoCustomer } from '../support/personal-data.js';
import type { Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { programOf } from './real-programs.js';

const DOCUMENT = 'demo://resource/static/document';

/** What the analyst may use, in the order of the lists. */
export const ANALYST_SEES = {
  tools: [
    'core-banking__query_customers',
    'core-banking__get_customer',
    'training__echo',
    'training__trigger-elicitation-request',
    'training__trigger-long-running-operation',
  ],
  prompts: ['training__args-prompt', 'training__completable-prompt'],
  resources: [`${DOCUMENT}/features.md`],
} as const;

export const OPEN_CUSTOMER = demoCustomer(0);
/** Whose file nobody reads, by policy. */
export const CLOSED_CUSTOMER = demoCustomer(1);

const POLICY = `policy: 1
name: real-clients
default: deny
roles:
  risk-analyst: { groups: [BANK-RISK-ANALYST] }
  data-engineer: { groups: [BANK-DATA-ENG] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
  operator: { groups: [BANK-OPERATIONS] }
operations:
  customer.find: { kind: read, tools: [core-banking/query_customers] }
  customer.read: { kind: read, tools: [core-banking/get_customer] }
  customer.write: { kind: write, tools: [core-banking/update_customer] }
  training.use:
    kind: read
    tools: [training/echo, training/trigger-elicitation-request, training/trigger-long-running-operation]
    prompts: [training/args-prompt, training/completable-prompt]
    resources: ["training/${DOCUMENT}/features.md"]
    methods: [training/elicitation/create]
rules:
  - id: RC-1
    says: Analysts read customers and take the training.
    roles: [risk-analyst]
    allow: [customer.find, customer.read, training.use]
    mask: pii
  - id: RC-2
    says: Nobody opens the file of ${CLOSED_CUSTOMER.id}.
    roles: any
    deny: [customer.read]
    when: { args.customer_id: { eq: ${CLOSED_CUSTOMER.id} } }
  - id: RC-3
    says: Engineers change customers after a manager approves.
    roles: [data-engineer]
    allow: [customer.write]
    approval: { by: [manager], count: 1, expires: 10m }
    mask: pii
masking:
  pii:
    - { kinds: [US_SSN, PAN, BANK_ACCOUNT, EMAIL, PHONE, DOB, PERSON, ADDRESS], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:
  - { as: risk-analyst, call: core-banking/get_customer, args: { customer_id: ${CLOSED_CUSTOMER.id} }, expect: deny RC-2 }
  - { as: risk-analyst, call: core-banking/get_customer, args: { customer_id: ${OPEN_CUSTOMER.id} }, expect: allow RC-1 masked }
`;

export interface GovernedBank extends PrivateSystem {
  readonly bank: Awaited<ReturnType<typeof startBank>>;
}

/** A gateway as it is by default, in front of the bank's own server and a server with all features of MCP. */
export const startGovernedBank = async (stage: Stage): Promise<GovernedBank> => {
  const bank = await startBank(stage);
  const training = {
    name: 'training',
    transport: 'stdio',
    command: 'node',
    args: [programOf('@modelcontextprotocol/server-everything'), 'stdio'],
    server_requests: ['elicitation/create'],
  };
  const system = await startPrivate(stage, { policy: POLICY, upstreams: [bankUpstream(bank), training] });
  return { ...system, bank };
};
