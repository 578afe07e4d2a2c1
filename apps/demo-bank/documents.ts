import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bank, type Customer, generateBank, type Seed } from './bank.js';
import { generateTransactions } from './transactions.js';

const CUSTOMERS = 25;
const TRANSACTIONS_PER_STATEMENT = 8;

const statement = (seed: Seed, customer: Customer): string => {
  const { name, address, accounts } = customer;
  const lines = ['FIRST COUNTERSIGN BANK', 'Statement of accounts 2026', '', name, address.street];
  lines.push(`${address.city}, ${address.state} ${address.zip}`, '');
  for (const account of accounts) {
    lines.push(`Account ${account.account_number} (${account.kind}), card ${account.card_number}`);
    for (const entry of generateTransactions(seed, customer, account, TRANSACTIONS_PER_STATEMENT)) {
      lines.push(`  ${entry.posted_on}  ${entry.amount.padStart(12)}  ${entry.counterparty}: ${entry.memo}`);
    }
    lines.push(`  Balance     ${account.balance.padStart(12)} USD`, '');
  }
  return `${lines.join('\n')}\n`;
};

const csvField = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const customerList = ({ customers }: Bank): string => {
  const rows = customers.map(({ id, name, ssn, date_of_birth, email, phone, notes }) =>
    [id, name, ssn, date_of_birth, email, phone, notes].map(csvField).join(','),
  );
  return `${['id,name,ssn,date_of_birth,email,phone,notes', ...rows].join('\n')}\n`;
};

const writeDocuments = (folder: string, seed: Seed): void => {
  const bank = generateBank(seed, CUSTOMERS);
  for (const name of ['statements', 'customer-files', 'exports'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const customer of bank.customers) {
    writeFileSync(join(folder, 'statements', `${customer.id}-2026.txt`), statement(seed, customer));
    writeFileSync(
      join(folder, 'customer-files', `${customer.id}.json`),
      `${JSON.stringify(customer, null, 2)}\n`,
    );
  }
  writeFileSync(join(folder, 'exports', 'customers.csv'), customerList(bank));
};

/**
 * Makes the folder of the `documents` server (statements as text, customer files as JSON, an export as CSV) unless it is
 * there with something in it. Built beside it and renamed into place, so that it is there whole or not at all.
 */
export const createDocuments = (folder: string, seed: Seed): void => {
  if (existsSync(folder) && readdirSync(folder).length > 0) return;
  mkdirSync(dirname(folder), { recursive: true });
  const draft = `${folder}.${randomUUID()}.draft`;
  try {
    writeDocuments(draft, seed);
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
};
