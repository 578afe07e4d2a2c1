import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SEED, generateBank } from './bank.js';
import { createDocuments } from './documents.js';
import { createWarehouse } from './warehouse.js';

let folder: string;
const [first] = generateBank(DEMO_SEED, 1).customers;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-demo-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const withServer = async (
  script: string,
  args: string[],
  use: (client: Client) => Promise<void>,
): Promise<void> => {
  const client = new Client({ name: 'spec', version: '1' });
  const command = { command: process.execPath, args: [resolve(script), ...args], stderr: 'ignore' as const };
  await client.connect(new StdioClientTransport(command));
  try {
    await use(client);
  } finally {
    await client.close();
  }
};

describe('the warehouse database', () => {
  it('holds the customers of the seed with their accounts and transactions', () => {
    const file = join(folder, 'warehouse.db');
    createWarehouse(file, DEMO_SEED);
    const database = new DatabaseSync(file, { readOnly: true });
    const count = (table: string) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];
    expect(count('customers')).toBe(200);
    expect(Number(count('accounts'))).toBeGreaterThan(200);
    expect(count('transactions')).toBe(5 * Number(count('accounts')));
    const row = database.prepare('SELECT * FROM customers WHERE id = ?').get('C-1001');
    expect(row).toMatchObject({ ssn: first?.ssn, name: first?.name, notes: first?.notes });
    expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    database.close();
  });

  it('is left alone when it is there', () => {
    const file = join(folder, 'kept.db');
    writeFileSync(file, 'mine');
    createWarehouse(file, DEMO_SEED);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('leaves nothing half-made behind when it cannot be made', () => {
    const blocked = join(folder, 'blocked');
    mkdirSync(join(blocked, 'folder.db', 'x'), { recursive: true });
    // A folder stands where the file should be: existsSync says it is there, and it stays as it is.
    createWarehouse(join(blocked, 'folder.db'), DEMO_SEED);
    expect(readdirSync(blocked)).toEqual(['folder.db']);
  });

  it('can be queried through @bytebase/dbhub', async () => {
    const file = join(folder, 'dbhub.db');
    createWarehouse(file, DEMO_SEED);
    const script = 'node_modules/@bytebase/dbhub/dist/index.js';
    await withServer(script, ['--transport', 'stdio', '--dsn', `sqlite://${file}`], async (client) => {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['execute_sql', 'search_objects']),
      );
      const sql = "SELECT ssn FROM customers WHERE id = 'C-1001'";
      const result = await client.callTool({ name: 'execute_sql', arguments: { sql } });
      expect(JSON.stringify(result.content)).toContain(first?.ssn);
    });
  });
});

describe('the documents folder', () => {
  it('holds statements, customer files and an export of the same customers, the same every time', () => {
    const [one, two] = [join(folder, 'documents'), join(folder, 'documents-again')];
    createDocuments(one, DEMO_SEED);
    createDocuments(two, DEMO_SEED);
    const list = (root: string) => readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
    expect(list(one)).toEqual(list(two));
    for (const name of list(one).filter((entry) => statSync(join(one, entry)).isFile())) {
      expect(readFileSync(join(one, name))).toEqual(readFileSync(join(two, name)));
    }
    expect(JSON.parse(readFileSync(join(one, 'customer-files/C-1001.json'), 'utf8'))).toEqual(first);
    expect(readFileSync(join(one, 'statements/C-1001-2026.txt'), 'utf8')).toContain(
      first?.accounts[0]?.card_number,
    );
    const [header, row] = readFileSync(join(one, 'exports/customers.csv'), 'utf8').split('\n');
    expect(header).toBe('id,name,ssn,date_of_birth,email,phone,notes');
    expect(row).toContain(first?.ssn);
  });

  it('is made in a folder that is empty and left alone in one that is not', () => {
    const [empty, used] = [join(folder, 'empty'), join(folder, 'used')];
    mkdirSync(empty);
    createDocuments(empty, DEMO_SEED);
    expect(readdirSync(empty).sort()).toEqual(['customer-files', 'exports', 'statements']);
    mkdirSync(used);
    writeFileSync(join(used, 'mine.txt'), 'mine');
    createDocuments(used, DEMO_SEED);
    expect(readdirSync(used)).toEqual(['mine.txt']);
    expect(readdirSync(folder).filter((name) => name.includes('draft'))).toEqual([]);
  });

  it('can be read through @modelcontextprotocol/server-filesystem', async () => {
    const documents = join(folder, 'served');
    createDocuments(documents, DEMO_SEED);
    await withServer(
      'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js',
      [documents],
      async (client) => {
        const path = join(documents, 'statements/C-1001-2026.txt');
        const result = await client.callTool({ name: 'read_text_file', arguments: { path } });
        expect(JSON.stringify(result.content)).toContain(first?.accounts[0]?.account_number);
      },
    );
  });
});
