import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DIST, type System } from './system.js';

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** `countersign ARGS --server URL` as one user, with the ledger's address. */
export const countersignAs = async (
  { urls, issuer }: System,
  user: string,
  args: readonly string[],
  input = '',
): Promise<CommandResult> => {
  const token = await issuer.token(user);
  const main = join(DIST, 'apps', 'cli', 'main.js');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...args, '--server', urls.ledger],
      { env: { PATH: process.env['PATH'], COUNTERSIGN_TOKEN: token }, maxBuffer: OUTPUT_BYTES_MAX },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.end(input);
  });
};
