import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DEMO_POLICY = fileURLToPath(new URL('../../../../deploy/demo/policy.yaml', import.meta.url));

/** The policy of the demonstration. */
export const demoPolicy = (): string => readFileSync(DEMO_POLICY, 'utf8');

/** The demonstration's policy with one text for another. @throws Error when the text is not there (any more) */
export const demoPolicyWith = (text: string, replacement: string): string => {
  const policy = demoPolicy();
  if (!policy.includes(text)) throw new Error(`the demonstration's policy has no ${JSON.stringify(text)}`);
  return policy.replace(text, replacement);
};

/** Managers may let operators vote for them, a day at most. @throws Error when the policy has no such role (any more) */
export const withDelegates = (policy: string): string => {
  const given = policy.replace(
    /manager: \{ groups: \[([^\]]*)\] \}/,
    'manager: { groups: [$1], delegates: { to: [operator], max: 1d } }',
  );
  if (given === policy) throw new Error('the policy has no managers');
  return given;
};

/** Without the tests that stand in the file: they are of the rules as they were. */
export const withoutTests = (policy: string): string => policy.replace(/\ntests:[\s\S]*$/, '\n');

/** Approvals for data engineers that expire after so many seconds. */
export const policyWithExpiry = (expires_s: number): string =>
  demoPolicyWith('count: 1, expires: 30m', `count: 1, expires: ${expires_s}s`);

/** Data engineers read and write without approval: for tests that need many writes. */
export const DIRECT_WRITES = `policy: 1
name: direct-writes
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  examiner: { groups: [BANK-EXAMINER] }
  manager: { groups: [BANK-DATA-MGR] }
operations:
  customer.read: { kind: read, tools: [core-banking/query_customers, core-banking/get_customer] }
  customer.write: { kind: write, tools: [core-banking/update_customer] }
  funds.transfer: { kind: write, tools: [core-banking/transfer_funds] }
rules:
  - { id: W-1, says: Engineers read and write., roles: [data-engineer], allow: [customer.read, customer.write], mask: pii }
  - id: W-2
    says: Transfers need a manager.
    roles: [data-engineer]
    allow: [funds.transfer]
    approval: { by: [manager], count: 1, expires: 10m }
    mask: pii
masking:
  pii:
    - { kinds: [US_SSN, PAN, BANK_ACCOUNT, EMAIL, PHONE, DOB, PERSON, ADDRESS], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:
  - { as: data-engineer, call: core-banking/update_customer, args: {}, expect: allow W-1 masked }
`;
