import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { natsConfiguration } from '#bus/nats/nats-configuration.js';
import { SERVICES } from '#bus/nats/permissions.js';
import { childEnvironment } from '#config/cli-environment.js';
import type { Service } from '#contracts/contract.js';
import { findProgram, type Program } from './programs.js';

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
  const passwords = SERVICES.map((service) => ({
    service,
    password: newSecret(),
    file: join(folder, `nats-${service}.password`),
  }));
  const config = join(folder, 'nats.conf');
  const byService = Object.fromEntries(
    passwords.map(({ service, password }) => [service, password]),
  ) as Record<Service, string>;
  await writeSecret(config, natsConfiguration({ listen: `127.0.0.1:${port}` }, byService));
  for (const { file, password } of passwords) await writeSecret(file, password);
  return {
    url: `nats://127.0.0.1:${port}`,
    passwordFiles: Object.fromEntries(passwords.map(({ service, file }) => [service, file])) as Record<
      Service,
      string
    >,
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

export const writeSecret = (file: string, text: string): Promise<void> =>
  writeFile(file, `${text}\n`, { mode: 0o600 });
