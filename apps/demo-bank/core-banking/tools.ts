import { z } from 'zod';

const accountNumber = z
  .string()
  .regex(/^[0-9]{12}$/)
  .describe('12 digits');
const customerId = z
  .string()
  .regex(/^C-[0-9]{4,6}$/)
  .describe('for example C-1001');
const shortText = z.string().min(1).max(200);
const money = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,2})?$/)
  .describe('decimal string in US dollars, for example "12500.00"');

const address = z.strictObject({
  street: shortText,
  city: shortText,
  state: z.string().length(2),
  zip: z.string().regex(/^[0-9]{5}$/),
});

const customer = z.strictObject({
  id: customerId,
  name: z.string(),
  ssn: z.string(),
  date_of_birth: z.string(),
  email: z.string(),
  phone: z.string(),
  address,
  accounts: z.array(
    z.strictObject({
      account_number: z.string(),
      kind: z.enum(['checking', 'savings']),
      balance: z.string(),
      card_number: z.string(),
    }),
  ),
  notes: z.string(),
});

export const QUERY_LIMIT_DEFAULT = 10;
export const QUERY_LIMIT_MAX = 100;

/** What may be changed: never the identity (id, name, ssn, date of birth) and never money. */
const changeableFields = z
  .strictObject({ email: shortText, phone: shortText, address, notes: z.string().max(2000) })
  .partial();

export const INPUTS = {
  query_customers: z.strictObject({
    name_contains: shortText.optional().describe('part of the name, in any case'),
    city: shortText.optional(),
    limit: z.int().min(1).max(QUERY_LIMIT_MAX).optional().describe(`default ${QUERY_LIMIT_DEFAULT}`),
  }),
  get_customer: z.strictObject({ customer_id: customerId }),
  update_customer: z.strictObject({ customer_id: customerId, fields: changeableFields }),
  transfer_funds: z.strictObject({
    from_account: accountNumber,
    to_account: accountNumber,
    amount: money,
    memo: z.string().max(140).optional(),
  }),
} as const;

export type ToolName = keyof typeof INPUTS;
export type ToolInput<Name extends ToolName> = z.infer<(typeof INPUTS)[Name]>;

export const isToolName = (name: unknown): name is ToolName =>
  typeof name === 'string' && Object.hasOwn(INPUTS, name);

const OUTPUTS = {
  query_customers: z.strictObject({ customers: z.array(customer), total: z.int() }),
  get_customer: z.strictObject({ customer }),
  update_customer: z.strictObject({ customer, updated: z.array(z.string()) }),
  transfer_funds: z.strictObject({
    transfer_id: z.string(),
    status: z.literal('completed'),
    from_account: z.string(),
    to_account: z.string(),
    amount: z.string(),
    from_balance: z.string(),
  }),
} as const satisfies Record<ToolName, z.ZodType>;

const DESCRIPTIONS: Readonly<Record<ToolName, readonly [title: string, description: string]>> = {
  query_customers: [
    'Query customers',
    'Lists customers with their accounts, by part of the name and by city.',
  ],
  get_customer: ['Get customer', 'Reads one customer with accounts and notes.'],
  update_customer: ['Update customer', 'Changes contact data or notes of one customer.'],
  transfer_funds: ['Transfer funds', 'Moves money from one account to another at once. It cannot be undone.'],
};

const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const ANNOTATIONS: Readonly<Record<ToolName, typeof READS>> = {
  query_customers: READS,
  get_customer: READS,
  update_customer: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  transfer_funds: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
};

/** The result of tools/list. The schemas it shows are made from the ones that check the arguments. */
export const toolList = () => ({
  tools: (Object.keys(INPUTS) as ToolName[]).map((name) => ({
    name,
    title: DESCRIPTIONS[name][0],
    description: DESCRIPTIONS[name][1],
    inputSchema: z.toJSONSchema(INPUTS[name]),
    outputSchema: z.toJSONSchema(OUTPUTS[name]),
    annotations: ANNOTATIONS[name],
  })),
});
