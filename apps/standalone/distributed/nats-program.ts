import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { permissionsOf, SERVICES } from '#bus/nats/permissions.js';
import { childEnvironment } from '#config/cli-environment.js';
import type { Service } from '#contracts/contract.js';
import { findProgram, type Program } from './programs.js';

/**
 * A call's outcome is one message with the original and the masked result, each up to limits.result_bytes_max (4 MiB),
 * and some room for entries and findings.
 */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Client library default; a connection that sets its own inbox prefix can have it to itself. */
const SHARED_INBOX = '_INBOX';
const SECRET_BYTES = 24;

export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

export interface NatsProgram {
  readonly program: Program;
  readonly url: string;
  readonly passwordFiles: Readonly<Record<Service, string>>;
}

/** nats-server on loopback with a user for each service; configuration and passwords are files of this start, mode 0600. */
export const natsProgram = async (folder: string, port: number): Promise<NatsProgram> => {
  const command = findProgram('nats-server', 'nats-server');
  const passwords = SERVICES.map((service) => ({ service, password: newSecret(), file: join(folder, `nats-${service}.password`) }));
  const users = passwords.map(({ service, password }) => ({ user: service, password, permissions: permissionsOf(service, SHARED_INBOX) }));
  const config = join(folder, 'nats.conf');
  // JSON is one of the forms that nats-server reads.
  await writeSecret(config, JSON.stringify({ listen: `127.0.0.1:${port}`, max_payload: MESSAGE_BYTES_MAX, authorization: { users } }, null, 2));
  for (const { file, password } of passwords) await writeSecret(file, password);
  return {
    url: `nats://127.0.0.1:${port}`,
    passwordFiles: Object.fromEntries(passwords.map(({ service, file }) => [service, file])) as Record<Service, string>,
    program: {
      name: 'nats',
      command,
      args: ['--config', config],
      env: childEnvironment({ set: {}, secrets: [], everybodysSecrets: [] }),
      ready: /Server is ready/,
      logs: false,
    },
  };
};

export const writeSecret = (file: string, text: string): Promise<void> => writeFile(file, `${text}\n`, { mode: 0o600 });
