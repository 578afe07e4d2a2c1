import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { searchPath } from '#config/load-config.js';
import type { Service } from '#contracts/contract.js';

/** What the distributed shape consists of on one machine; the last four only when nothing else is configured for them. */
export type ProcessName = Service | 'nats' | 'redis' | 'issuer' | 'core-banking';

/** Order of the start; they end in the reverse order, so that whoever still works finds what it needs. */
export const START_ORDER: readonly ProcessName[] = [
  'nats',
  'redis',
  'issuer',
  'core-banking',
  'ledger',
  'masking',
  'policy',
  'approval',
  'ingress',
];

/** One process to run, and how it says that it is up. */
export interface Program {
  readonly name: ProcessName;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Written to its standard input, which is then closed; for secrets that must not stand in the arguments. */
  readonly input?: string;
  /** Found in a line of its output once it is up. */
  readonly ready: RegExp;
  /** Whether its output belongs into the launcher's log. */
  readonly logs: boolean;
}

/** The launcher could not start; the message says what to do. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

/** Debian keeps servers where only root's PATH looks. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];

/** @throws LaunchError that says what to install */
export const findProgram = (name: string, debianPackage: string): string => {
  for (const folder of [...searchPath().split(delimiter), ...SERVER_FOLDERS]) {
    if (folder !== '' && isExecutable(join(folder, name))) return join(folder, name);
  }
  throw new LaunchError(
    `${name} is not installed. The distributed shape needs it: apt-get install nats-server redis-server (Debian package ${debianPackage}).`,
  );
};

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Compiled entry file of an app, beside this one. */
export const mainOf = (app: string): string =>
  fileURLToPath(new URL(`../../${app}/main.js`, import.meta.url));
