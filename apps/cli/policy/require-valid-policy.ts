import { loadConfig } from '#config/load-config.js';
import { readPolicyFile } from './read-policy-file.js';

/**
 * Reads a configuration and the policy it names before anything is started for them.
 * @throws ConfigError, PolicyFileError, InputError
 */
export const requireValidPolicy = async (configFile: string): Promise<void> => {
  const read = await readPolicyFile(loadConfig({ file: configFile }).policy_file);
  if (read.kind === 'refused') throw read.error;
};
