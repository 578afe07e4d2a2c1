import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { demoBank } from '../support/personal-data.js';

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The bank's customers as SQL that every database understands. */
export const bankSql = (): string => {
  const rows = demoBank()
    .customers.slice(0, 20)
    .map(({ id, name, ssn, email, notes }) => `(${[id, name, ssn, email, notes].map(quoted).join(', ')})`);
  return `CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT, ssn TEXT, email TEXT, notes TEXT);
INSERT INTO customers VALUES ${rows.join(', ')};`;
};

export const createSqlite = (file: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec(bankSql());
  database.close();
};
