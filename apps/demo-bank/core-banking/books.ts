import type { Bank, Customer } from '../bank.js';
import { cents, decimal } from '../identifiers.js';
import { QUERY_LIMIT_DEFAULT, type ToolInput } from './tools.js';

/** A refusal by the bank itself; its message becomes the text of an `isError` result. */
export class BankRefusal extends Error {
  override readonly name = 'BankRefusal';
}

/** The mutable books: customers as they are now, money as cents. */
export const createBooks = ({ customers }: Bank) => {
  const byId = new Map<string, Customer>(customers.map((customer) => [customer.id, customer]));
  const ownerOf = new Map<string, string>();
  for (const { id, accounts } of customers)
    for (const { account_number } of accounts) ownerOf.set(account_number, id);
  let transfers = 0;

  const customer = (id: string): Customer => {
    const found = byId.get(id);
    if (found === undefined) throw new BankRefusal(`There is no customer ${id}.`);
    return found;
  };
  const owner = (account_number: string): Customer => {
    const id = ownerOf.get(account_number);
    if (id === undefined) throw new BankRefusal('There is no such account.');
    return customer(id);
  };
  const balance = (account_number: string): bigint =>
    cents(
      owner(account_number).accounts.find((account) => account.account_number === account_number)?.balance ??
        '0',
    );
  const setBalance = (account_number: string, value: bigint): void => {
    const holder = owner(account_number);
    const accounts = holder.accounts.map((account) =>
      account.account_number === account_number ? { ...account, balance: decimal(value) } : account,
    );
    byId.set(holder.id, { ...holder, accounts });
  };

  return {
    query_customers: (input: ToolInput<'query_customers'>) => {
      const part = input.name_contains?.toLowerCase();
      const found: Customer[] = [];
      for (const candidate of byId.values()) {
        const named = part === undefined || candidate.name.toLowerCase().includes(part);
        if (named && (input.city === undefined || candidate.address.city === input.city))
          found.push(candidate);
      }
      return { customers: found.slice(0, input.limit ?? QUERY_LIMIT_DEFAULT), total: found.length };
    },
    get_customer: (input: ToolInput<'get_customer'>) => ({ customer: customer(input.customer_id) }),
    update_customer: ({ customer_id, fields }: ToolInput<'update_customer'>) => {
      const updated = Object.keys(fields);
      if (updated.length === 0) throw new BankRefusal('There is nothing to change in "fields".');
      const changed = { ...customer(customer_id), ...fields } as Customer;
      byId.set(customer_id, changed);
      return { customer: changed, updated };
    },
    transfer_funds: ({ from_account, to_account, amount }: ToolInput<'transfer_funds'>) => {
      const value = cents(amount);
      if (from_account === to_account) throw new BankRefusal('Both accounts are the same.');
      if (value === 0n) throw new BankRefusal('The amount is zero.');
      const before = balance(from_account);
      owner(to_account);
      if (before < value) throw new BankRefusal('The balance is too low.');
      setBalance(from_account, before - value);
      setBalance(to_account, balance(to_account) + value);
      transfers += 1;
      const transfer_id = `T-${String(transfers).padStart(6, '0')}`;
      const from_balance = decimal(before - value);
      return {
        transfer_id,
        status: 'completed',
        from_account,
        to_account,
        amount: decimal(value),
        from_balance,
      };
    },
  };
};

export type Books = ReturnType<typeof createBooks>;
