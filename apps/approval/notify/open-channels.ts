import { readFile } from 'node:fs/promises';
import type { Config } from '#config/config.schema.js';
import { ConfigError, readSecret } from '#config/load-config.js';
import { openOutbound } from '#outbound/guarded-fetch.js';
import { configuredRules } from '#outbound/outbound-rules.js';
import type { Channel } from './channel.js';

const ANSWER_BYTES_MAX = 64 * 1024;

/**
 * The channels that are configured, each loaded only then.
 * @throws ConfigError for a secret that is missing or is none
 */
export const openChannels = async (config: Config): Promise<readonly Channel[]> => [
  ...(await webhooks(config)),
  ...(await mail(config)),
  ...(await teams(config)),
];

const webhooks = async (settings: Config): Promise<readonly Channel[]> => {
  const all = settings.approvals.notify.webhooks;
  if (all.length === 0) return [];
  const { webhookChannel } = await import('./webhook-channel.js');
  const rules = configuredRules(settings);
  return all.map((config) => {
    const { fetch, close } = openOutbound({ rules, answer_bytes_max: ANSWER_BYTES_MAX });
    try {
      return { ...webhookChannel({ config, secrets: config.secrets.map(readSecret), fetch }), close };
    } catch (error) {
      throw new ConfigError(`approvals.notify.webhooks: ${config.name}: ${(error as Error).message}`);
    }
  });
};

const mail = async (settings: Config): Promise<readonly Channel[]> => {
  const config = settings.approvals.notify.mail;
  if (config === undefined) return [];
  const { mailChannel } = await import('./mail-channel.js');
  const { ca_file, password } = config.smtp;
  const ca = ca_file === undefined ? undefined : await readFile(ca_file, 'utf8');
  const rules = configuredRules(settings);
  return [mailChannel({ config, password: password && readSecret(password), ca, outbound: { rules } })];
};

const teams = async (settings: Config): Promise<readonly Channel[]> => {
  const config = settings.approvals.teams;
  if (config === undefined) return [];
  const { connector } = await import('../teams/connector.js');
  const { teamsChannel } = await import('../teams/teams-channel.js');
  const rules = configuredRules(settings);
  const { tenant, token_url = `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token` } = config;
  const app_secret = readSecret(config.app_secret);
  return config.to.map((target) => {
    const { fetch, close } = openOutbound({ rules, answer_bytes_max: ANSWER_BYTES_MAX });
    const options = { ...config, app_secret, token_url, fetch };
    const hasPage = settings.approvals.login !== undefined;
    return { ...teamsChannel({ target, connector: connector(options), hasPage }), close };
  });
};
