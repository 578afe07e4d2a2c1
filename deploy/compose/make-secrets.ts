import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { natsConfiguration } from '#bus/nats/nats-configuration.js';
import { SERVICES } from '#bus/nats/permissions.js';
import type { Service } from '#contracts/contract.js';

/** User of the containers (docker-compose.yml), who must be able to read the files. */
const CONTAINER_UID = 1_000;

const main = (folder: string | undefined): number => {
  if (folder === undefined) {
    console.error('usage: node dist/deploy/compose/make-secrets.js FOLDER');
    return 2;
  }
  const at = (name: string): string => join(resolve(folder), name);
  if (existsSync(at('nats.conf'))) {
    console.error(
      `${at('nats.conf')} exists; nothing was changed. To replace all passwords, remove it and stop the services.`,
    );
    return 2;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwords = Object.fromEntries(
    SERVICES.map((service) => [service, randomBytes(24).toString('base64url')]),
  );
  const write = (name: string, text: string): void => {
    writeFileSync(at(name), text, { mode: 0o400, flag: 'wx' });
    if (process.getuid?.() === 0) chownSync(at(name), CONTAINER_UID, CONTAINER_UID);
  };
  for (const [service, password] of Object.entries(passwords))
    write(`nats-${service}.password`, `${password}\n`);
  write(
    'nats.conf',
    natsConfiguration(
      { listen: '0.0.0.0:4222', http: '127.0.0.1:8222' },
      passwords as Record<Service, string>,
    ),
  );
  if (process.getuid?.() === 0) chownSync(folder, CONTAINER_UID, CONTAINER_UID);
  else if (process.getuid?.() !== CONTAINER_UID)
    console.error(`Now give the files to the containers: sudo chown -R ${CONTAINER_UID} ${resolve(folder)}`);
  console.log(
    `wrote nats.conf and ${SERVICES.length} passwords to ${resolve(folder)}; add the credentials of your upstream servers there`,
  );
  return 0;
};

process.exitCode = main(process.argv[2]);
