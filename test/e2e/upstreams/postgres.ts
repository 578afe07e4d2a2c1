import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.js';
import { service } from '../support/service.js';
import type { Stage } from '../support/stage.js';

/** Debian keeps each major version in a folder of its own, which is in nobody's PATH. */
const DEBIAN = '/usr/lib/postgresql';

const binFolder = (): string => {
  const versions = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin'))
    : [];
  const found = [...versions, ...(process.env['PATH'] ?? '').split(':')].find((path) =>
    existsSync(join(path, 'initdb')),
  );
  if (found === undefined) throw new Error('PostgreSQL is not installed; npm test installs or asks for it');
  return found;
};

const USER = 'bank';
const PASSWORD = 'only-for-this-test';

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
const RUN_AS =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
const idOf = (flag: '-u' | '-g'): number =>
  Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));

const run = (command: string, args: readonly string[], input = ''): string => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    input,
    encoding: 'utf8',
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stdout;
};

export interface Postgres {
  readonly url: string;
  /** Whether a query finds anything, asked without the server under test. */
  hasRow(sql: string): boolean;
}

/** A cluster of its own in a temporary folder, on loopback, filled with `sql`. */
export const startPostgres = async (stage: Stage, sql: string): Promise<Postgres> => {
  const bin = binFolder();
  // Not below the folder of the stage, which nobody else may enter.
  const folder = mkdtempSync(join(tmpdir(), 'countersign-postgres-'));
  stage.defer(() => rmSync(folder, { recursive: true, force: true }));
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  if (RUN_AS.length > 0) for (const path of [folder, passwordFile]) chownSync(path, idOf('-u'), idOf('-g'));
  const data = join(folder, 'data');
  const [initdb = '', ...initdbArgs] = [...RUN_AS, join(bin, 'initdb')];
  const cluster = ['--pgdata', data, '--username', USER, '--pwfile', passwordFile];
  run(initdb, [...initdbArgs, ...cluster, '--auth=scram-sha-256', '--encoding=UTF8', '--no-sync']);
  const port = await freePort();
  const [command = '', ...args] = [...RUN_AS, join(bin, 'postgres')];
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'fsync=off'];
  const postgres = service({
    name: 'postgres',
    command,
    args: [...args, '-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    ready: /database system is ready to accept connections/,
  });
  stage.defer(postgres.stop);
  await postgres.start();
  const url = `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const psql = (text: string): string =>
    run(join(bin, 'psql'), ['--no-psqlrc', '--quiet', '--tuples-only', '--set=ON_ERROR_STOP=1', url], text);
  psql(sql);
  return { url: `${url}?sslmode=disable`, hasRow: (query) => psql(`${query};`).trim() !== '' };
};
