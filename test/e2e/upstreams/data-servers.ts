import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { programOf } from '../clients/real-programs.js';
import { freePort } from '../support/free-port.js';
import { demoCustomer } from '../support/personal-data.js';
import { type Service, service } from '../support/service.js';
import type { Stage } from '../support/stage.js';
import type { Settings } from '../support/standalone.js';
import { bankSql, createSqlite } from './bank-rows.js';
import { startPostgres } from './postgres.js';

export interface Use {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A server of others, and what an agent does with it. */
export interface DataServer {
  readonly name: string;
  /** On npm. */
  readonly package: string;
  readonly settings: Settings;
  /** Revision of MCP that it speaks with a client that offers all. */
  readonly revision: '2025-11-25' | '2026-07-28';
  /** What policy knows of it; it has more. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Gives rows with personal data. */
  readonly read: Use;
  readonly write: Use;
  /** Whether the write has happened, as the data says. */
  hasWritten(): boolean;
  /** A server that the gateway does not start; a child of the gateway has part of its command line here. */
  readonly runs: Service | string;
}

const customer = demoCustomer(0);
const NOTE = 'changed after an approval';
const SELECT = 'SELECT * FROM customers ORDER BY id LIMIT 5';
const UPDATE = `UPDATE customers SET notes = '${NOTE}' WHERE id = '${customer.id}'`;

const files = (stage: Stage): DataServer => {
  const folder = join(stage.folder, 'files');
  mkdirSync(folder);
  writeFileSync(join(folder, 'customer.json'), JSON.stringify(customer));
  return {
    name: 'files',
    package: '@modelcontextprotocol/server-filesystem',
    revision: '2025-11-25',
    settings: {
      transport: 'stdio',
      command: 'node',
      args: [programOf('@modelcontextprotocol/server-filesystem'), folder],
    },
    reads: ['read_text_file', 'list_directory'],
    writes: ['write_file'],
    read: { tool: 'read_text_file', input: { path: join(folder, 'customer.json') } },
    write: { tool: 'write_file', input: { path: join(folder, 'note.txt'), content: NOTE } },
    hasWritten: () => hasText(join(folder, 'note.txt')),
    runs: folder,
  };
};

const hasText = (file: string): boolean => {
  try {
    return readFileSync(file, 'utf8').includes(NOTE);
  } catch {
    return false;
  }
};

const memory = (stage: Stage): DataServer => {
  const file = join(stage.folder, 'memory.jsonl');
  const entity = { type: 'entity', name: customer.id, entityType: 'customer' };
  writeFileSync(
    file,
    `${JSON.stringify({ ...entity, observations: [`SSN ${customer.ssn}`, customer.email] })}\n`,
  );
  const observations = [{ entityName: customer.id, contents: [NOTE] }];
  return {
    name: 'memory',
    package: '@modelcontextprotocol/server-memory',
    revision: '2025-11-25',
    settings: {
      transport: 'stdio',
      command: 'node',
      args: [programOf('@modelcontextprotocol/server-memory')],
      env: { MEMORY_FILE_PATH: file },
    },
    reads: ['read_graph', 'search_nodes'],
    writes: ['add_observations'],
    read: { tool: 'read_graph', input: {} },
    write: { tool: 'add_observations', input: { observations } },
    hasWritten: () => hasText(file),
    runs: 'server-memory',
  };
};

const sqliteHasNote = (file: string): boolean => {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const row = database.prepare('SELECT notes FROM customers WHERE id = ?').get(customer.id);
    return row?.['notes'] === NOTE;
  } finally {
    database.close();
  }
};

const dbhub = (name: string, file: string): Omit<DataServer, 'settings' | 'runs'> => {
  createSqlite(file);
  return {
    name,
    package: '@bytebase/dbhub',
    revision: '2026-07-28',
    reads: ['search_objects'],
    writes: ['execute_sql'],
    read: { tool: 'execute_sql', input: { sql: SELECT } },
    write: { tool: 'execute_sql', input: { sql: UPDATE } },
    hasWritten: () => sqliteHasNote(file),
  };
};

const sqlite = (stage: Stage): DataServer => {
  const file = join(stage.folder, 'stdio.db');
  const args = [programOf('@bytebase/dbhub'), '--transport', 'stdio', '--dsn', `sqlite://${file}`];
  return { ...dbhub('sqlite', file), settings: { transport: 'stdio', command: 'node', args }, runs: file };
};

const sqliteOverHttp = async (stage: Stage): Promise<DataServer> => {
  const file = join(stage.folder, 'http.db');
  const server = dbhub('sqlite-http', file);
  const port = await freePort();
  const runs = service({
    name: 'dbhub',
    command: process.execPath,
    args: [
      programOf('@bytebase/dbhub'),
      ...['--transport', 'http', '--host', '127.0.0.1', '--port', String(port), '--dsn', `sqlite://${file}`],
    ],
    ready: new RegExp(`:${port}/mcp`),
  });
  stage.defer(runs.stop);
  await runs.start();
  return { ...server, settings: { transport: 'http', url: `http://127.0.0.1:${port}/mcp` }, runs };
};

const postgres = async (stage: Stage): Promise<DataServer> => {
  const { url, hasRow } = await startPostgres(stage, bankSql());
  return {
    name: 'postgres',
    package: 'mcp-postgres-server',
    revision: '2025-11-25',
    settings: {
      transport: 'stdio',
      command: 'node',
      args: [programOf('mcp-postgres-server')],
      env: { DATABASE_URL: url, PG_ALLOW_WRITE: 'true' },
    },
    reads: ['query', 'list_tables', 'describe_table'],
    writes: ['execute'],
    read: { tool: 'query', input: { sql: SELECT } },
    write: { tool: 'execute', input: { sql: UPDATE } },
    hasWritten: () => hasRow(`SELECT 1 FROM customers WHERE notes = '${NOTE}'`),
    runs: 'mcp-postgres-server',
  };
};

export const startDataServers = async (stage: Stage): Promise<readonly DataServer[]> => [
  files(stage),
  memory(stage),
  sqlite(stage),
  await sqliteOverHttp(stage),
  await postgres(stage),
];

/** Names for test titles, known before anything runs. */
export const DATA_SERVERS = ['files', 'memory', 'sqlite', 'sqlite-http', 'postgres'] as const;
