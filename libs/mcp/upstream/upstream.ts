import { connectHttp } from './http-link.js';
import { UPSTREAM_LIMITS } from './limits.js';
import { connectStdio } from './stdio-link.js';
import { supervise } from './supervise.js';
import type { Upstream } from './upstream.types.js';
import type { UpstreamConfig } from './upstream-config.types.js';

/**
 * Starts connecting in the background at once and goes on doing so for ever, with exponential back-off. Speaks the MCP
 * revisions that begin with `initialize`.
 * @throws TypeError when the configuration cannot work (address, reserved header).
 */
export const openUpstream = (config: UpstreamConfig): Upstream => {
  const limits = { ...UPSTREAM_LIMITS, ...config.limits };
  const { transport } = config;
  const connect =
    transport.kind === 'http'
      ? connectHttp({ client: config.client, limits, transport })
      : connectStdio({ client: config.client, limits, transport });
  return supervise(config.name, connect, limits);
};
