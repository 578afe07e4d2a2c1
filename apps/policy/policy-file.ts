import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Digest } from '#core/hash.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import { parsePolicyFile } from '#policy-file/parse-policy-file.js';

export const POLICY_FILE = Symbol('POLICY_FILE');

/** The file of the configuration, compiled; it passed its own tests. */
export interface CompiledFile {
  readonly bundle: PolicyBundle;
  readonly digest: Digest;
}

/** @throws PolicyFileError: an invalid file stops the start */
export const compilePolicyFile = async (file: string, logger: Logger): Promise<CompiledFile> => {
  const { bundle, digest, warnings } = parsePolicyFile(await readFile(file, 'utf8'), file);
  for (const warning of warnings) logger.info({ file }, String(warning));
  return { bundle, digest };
};
