import { readFile } from 'node:fs/promises';
import type { LogConfig } from '#config/log.schema.js';

/** The tlog-policy (C2SP) that the ledger goes by, for packs: its own file, or all witnesses of the configuration. */
export const tlogPolicyText = async (
  { policy_file, witnesses }: LogConfig,
  vkey: string,
): Promise<string | undefined> => {
  if (policy_file !== undefined) return readFile(policy_file, 'utf8');
  if (witnesses.length === 0) return undefined;
  const names = witnesses.map((_, nth) => `w${nth + 1}`);
  return [
    `log ${vkey}`,
    ...witnesses.map(({ key, url }, nth) => `witness ${names[nth]} ${key} ${url}`),
    `group all-witnesses all ${names.join(' ')}`,
    'quorum all-witnesses',
    '',
  ].join('\n');
};
