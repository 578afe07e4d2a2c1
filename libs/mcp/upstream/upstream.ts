import { authAs, createCallerLinks } from './caller-links.js';
import { connectHttp } from './connect-http.js';
import { UPSTREAM_LIMITS } from './limits.js';
import { connectStdio } from './stdio-link.js';
import { supervise } from './supervise.js';
import type { Upstream } from './upstream.types.js';
import type { UpstreamConfig } from './upstream-config.types.js';

/**
 * Starts connecting in the background at once and goes on doing so for ever, with exponential back-off. Speaks the MCP
 * revisions that begin with `initialize`, and 2026-07-28.
 * @throws TypeError when the configuration cannot work (address, reserved header).
 */
export const openUpstream = (config: UpstreamConfig): Upstream => {
  const { client, era = 'auto', serverRequests = [], onWarning = () => {}, transport } = config;
  const limits = { ...UPSTREAM_LIMITS, ...config.limits };
  const settings = { client, era, limits, serverRequests, onWarning };
  const { name } = config;
  if (transport.kind === 'stdio')
    return supervise({ name, connect: connectStdio({ ...settings, transport }), limits });
  const { auth } = transport;
  return supervise({
    name,
    connect: connectHttp({ ...settings, transport }),
    limits,
    onGranted: auth?.onGranted,
    // What a server has asked one caller it remembers in its session: such callers never share one.
    callerLinks:
      auth?.perCaller === true || serverRequests.length > 0
        ? (events) =>
            createCallerLinks(
              (current) =>
                connectHttp({
                  ...settings,
                  era: 'legacy',
                  transport: { ...transport, ...(auth === undefined ? {} : { auth: authAs(auth, current) }) },
                }),
              events,
              limits,
            )
        : undefined,
  });
};
