import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Bank, generateBank, type Seed } from './bank.js';
import { generateTransactions } from './transactions.js';

const CUSTOMERS = 200;
const TRANSACTIONS_PER_ACCOUNT = 5;

const SCHEMA = `
CREATE TABLE customers (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, ssn TEXT NOT NULL, date_of_birth TEXT NOT NULL, email TEXT NOT NULL,
  phone TEXT NOT NULL, street TEXT NOT NULL, city TEXT NOT NULL, state TEXT NOT NULL, zip TEXT NOT NULL, notes TEXT NOT NULL);
CREATE TABLE accounts (
  account_number TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers(id), kind TEXT NOT NULL,
  balance TEXT NOT NULL, card_number TEXT NOT NULL);
CREATE TABLE transactions (
  id TEXT PRIMARY KEY, account_number TEXT NOT NULL REFERENCES accounts(account_number), posted_on TEXT NOT NULL,
  amount TEXT NOT NULL, counterparty TEXT NOT NULL, memo TEXT NOT NULL);
CREATE INDEX transactions_by_account ON transactions(account_number, posted_on);
`;

const inserter = (
  database: DatabaseSync,
  table: string,
  columns: number,
): ((...row: readonly string[]) => void) => {
  const statement = database.prepare(`INSERT INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`);
  return (...row) => {
    statement.run(...row);
  };
};

const fill = (database: DatabaseSync, seed: Seed, { customers }: Bank): void => {
  const addCustomer = inserter(database, 'customers', 11);
  const addAccount = inserter(database, 'accounts', 5);
  const addTransaction = inserter(database, 'transactions', 6);
  for (const customer of customers) {
    const { id, name, ssn, date_of_birth, email, phone, address, notes } = customer;
    const { street, city, state, zip } = address;
    addCustomer(id, name, ssn, date_of_birth, email, phone, street, city, state, zip, notes);
    for (const account of customer.accounts) {
      addAccount(account.account_number, id, account.kind, account.balance, account.card_number);
      for (const entry of generateTransactions(seed, customer, account, TRANSACTIONS_PER_ACCOUNT)) {
        addTransaction(
          entry.id,
          entry.account_number,
          entry.posted_on,
          entry.amount,
          entry.counterparty,
          entry.memo,
        );
      }
    }
  }
};

/**
 * Makes the SQLite database of the `warehouse` server (customers, accounts, transactions) unless the file is there.
 * Built beside it and renamed into place: a crash leaves no half of a database behind, and no sync to disk is needed.
 */
export const createWarehouse = (file: string, seed: Seed): void => {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}.draft`;
  try {
    const database = new DatabaseSync(draft);
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
    database.exec(SCHEMA);
    fill(database, seed, generateBank(seed, CUSTOMERS));
    database.exec('COMMIT');
    database.close();
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
};
