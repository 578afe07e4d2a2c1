import type { Config } from '#config/config.schema.js';
import { readSecret } from '#config/load-config.js';
import { openOutbound } from '#outbound/guarded-fetch.js';
import { outboundRules } from '#outbound/outbound-rules.js';
import type { Channel } from './channel.js';

const ANSWER_BYTES_MAX = 64 * 1024;

/**
 * The channels that are configured, each loaded only then.
 * @throws ConfigError, TypeError for a secret that is missing or is none
 */
export const openChannels = async ({ approvals, outbound, mode }: Config): Promise<readonly Channel[]> => {
  const { webhooks } = approvals.notify;
  if (webhooks.length === 0) return [];
  const { webhookChannel } = await import('./webhook-channel.js');
  const rules = outboundRules({ allow: outbound.allow, loopback: mode === 'development' });
  return webhooks.map((config) => {
    const { fetch, close } = openOutbound({ rules, answer_bytes_max: ANSWER_BYTES_MAX });
    const secrets = config.secrets.map(readSecret);
    return { ...webhookChannel({ config, secrets, fetch }), close };
  });
};
