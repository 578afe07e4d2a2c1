import { CountersignError } from '#core/errors.js';
import type { UpstreamLimits } from './limits.js';
import type { Link, ReadyLink } from './link.js';
import { listAllItems } from './list-items.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';
import type { UpstreamServer } from './upstream.types.js';

/** An initialised link with what legacy servers offer beside requests (MCP 2025-11-25 server/resources, subscriptions). */
export const legacyReady = (link: Link, server: UpstreamServer, limits: UpstreamLimits): ReadyLink => {
  const ask = async (method: string, uri: string): Promise<void> => {
    const answer = await link.request(method, Buffer.from(JSON.stringify({ uri })), {
      deadline_ms: limits.request_ms,
      signal: new AbortController().signal,
      resultBytesMax: limits.message_bytes_max,
      ours: true,
    });
    if (answer.kind === 'error') throw unavailable(`${method} was refused`);
  };
  return {
    ...link,
    server,
    list: async (kind, signal) => (await listAllItems(kind, link, server, limits, signal)).items,
    async watch(uri) {
      try {
        await ask('resources/subscribe', uri);
      } catch (error) {
        throw error instanceof UpstreamOutcomeUnknown ? unavailable('resources/subscribe failed') : error;
      }
    },
    async unwatch(uri) {
      // A server that goes on telling is not listened to any more.
      await ask('resources/unsubscribe', uri).catch(() => undefined);
    },
  };
};

const unavailable = (detail: string) => new CountersignError('upstream_unavailable', detail);
