import type { Account, Customer, Seed } from './bank.js';
import { decimal, makeDate } from './identifiers.js';
import { createRandom } from './random.js';

export interface Transaction {
  readonly id: string;
  readonly account_number: string;
  readonly posted_on: string;
  /** Decimal string; negative when money leaves the account. */
  readonly amount: string;
  readonly counterparty: string;
  readonly memo: string;
}

const STATEMENT_YEAR = 2026;
const COUNTERPARTIES = [
  'Harbor Grocers',
  'City Power & Light',
  'Payroll Services',
  'Northside Rent',
  'Lakeview Pharmacy',
] as const;

/** The transactions of one account, oldest first; the same for the same seed. */
export const generateTransactions = (
  seed: Seed,
  customer: Customer,
  account: Account,
  count: number,
): readonly Transaction[] => {
  const random = createRandom(`${seed}/transactions/${account.account_number}`);
  const made = Array.from({ length: count }, () => {
    const counterparty = random.pick(COUNTERPARTIES);
    const amount = BigInt(random.integer(500, 450_000));
    return {
      account_number: account.account_number,
      posted_on: makeDate(random, STATEMENT_YEAR, STATEMENT_YEAR),
      amount: decimal(counterparty === 'Payroll Services' ? amount : -amount),
      counterparty,
      memo: random.pick([
        'card payment',
        `card ${account.card_number}`,
        `standing order by ${customer.name}`,
        `ref ${account.account_number}`,
      ]),
    };
  });
  made.sort((a, b) => (a.posted_on < b.posted_on ? -1 : a.posted_on > b.posted_on ? 1 : 0));
  return made.map((transaction, i) => ({ id: `${account.account_number}-${i + 1}`, ...transaction }));
};
