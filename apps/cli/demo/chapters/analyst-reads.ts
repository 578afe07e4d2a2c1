import { type Customer, DEMO_SEED, generateBank } from '../../../demo-bank/bank.js';
import type { Story } from '../story.js';

const WRITES = ['update_customer', 'transfer_funds'];
const LIMIT = 5;

/** Read, and masked: what the agent gets holds nothing that identifies a customer. */
export const analystReads = async ({ analyst, tell, exhibit, check, stage }: Story): Promise<void> => {
  const tools = await analyst.tools();
  tell('It asks which tools there are. The bank’s server has four; the agent sees:');
  exhibit(tools.join(', '));
  check(
    'tools/list shows no tool that writes',
    tools.length > 0 && !tools.some((name) => WRITES.includes(name)),
    tools,
  );

  tell('It queries customers. The first of them, as the agent gets it:');
  const answer = await analyst.call('query_customers', { limit: LIMIT });
  const customers = answer.structuredContent?.['customers'] as readonly { readonly id: string }[] | undefined;
  exhibit(customers?.[0] ?? answer);
  check('the query is answered with customers', customers?.length === LIMIT, answer);
  const bytes = JSON.stringify(answer);
  check('social security numbers are masked', bytes.includes('[US_SSN]'), customers?.[0]);
  const leaked = generateBank(DEMO_SEED, LIMIT)
    .customers.flatMap(identifiers)
    .filter((value) => bytes.includes(value));
  check(
    'none of the real numbers, names, addresses and mail addresses is in the answer',
    leaked.length === 0,
    leaked,
  );
  const { by_tool } = await stage.bankStats();
  check('the bank’s server was asked once', by_tool['query_customers'] === 1, by_tool);
};

/** What the masking profile of the demo must hide, as the synthetic bank has it. */
const identifiers = (customer: Customer): readonly string[] => [
  customer.ssn,
  customer.ssn.replaceAll('-', ''),
  customer.name,
  customer.email,
  customer.phone,
  customer.date_of_birth,
  customer.address.street,
  ...customer.accounts.flatMap(({ account_number, card_number }) => [account_number, card_number]),
];
