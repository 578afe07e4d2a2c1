import { CountersignError } from '#core/errors.js';
import { discover } from './discover.js';
import { type HttpTarget, readTarget } from './http-endpoint.js';
import { connectLegacyHttp } from './http-link.js';
import type { Connect, LinkEvents, LinkSettings, ReadyLink } from './link.js';
import { openModernHttp } from './modern-http.js';
import { modernReady } from './modern-ready.js';
import { connectSse } from './sse-link.js';
import type { HttpTransport } from './upstream-config.types.js';

/** Statuses after which an older server may still speak HTTP+SSE (2026-07-28 basic/transports, "HTTP+SSE Transport"). */
const OLDER = /^HTTP (?:400|404|405)$/;

/**
 * Streamable HTTP in the era the server speaks, asked anew at each connection; HTTP+SSE where nothing newer is there.
 * @throws TypeError when the address or headers cannot work.
 */
export const connectHttp = (settings: LinkSettings<HttpTransport>): Connect => {
  const target = readTarget(settings.transport);
  const { era } = settings;
  if (settings.transport.kind === 'sse')
    return (events, signal) => connectSse(target, settings, events, signal);
  return async (events, signal) => {
    if (era !== 'legacy') {
      const modern = await connectModern(target, settings, events, signal);
      if (modern) return modern;
    }
    try {
      return await connectLegacyHttp(target, settings, events, signal);
    } catch (error) {
      if (!(error instanceof CountersignError) || !OLDER.test(error.detail ?? '')) throw error;
      return await connectSse(target, settings, events, signal).catch(() => {
        throw error;
      });
    }
  };
};

/** @returns undefined when the server is of the legacy era. */
const connectModern = async (
  target: HttpTarget,
  settings: LinkSettings<HttpTransport>,
  events: LinkEvents,
  signal: AbortSignal,
): Promise<ReadyLink | undefined> => {
  const { limits } = settings;
  const link = openModernHttp(target, limits);
  const { status } = link;
  const { server } = await discover(link, settings, {
    deadline_ms: limits.probe_ms,
    signal,
    silence: 'fault',
    status,
  });
  if (server) return modernReady(link, server, settings, events);
  await link.close();
  return undefined;
};
