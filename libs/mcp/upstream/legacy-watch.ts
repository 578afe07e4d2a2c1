import { CountersignError } from '#core/errors.js';
import type { UpstreamLimits } from './limits.js';
import type { Link, ReadyLink } from './link.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';

/** Watching resources by resources/subscribe and resources/unsubscribe (MCP 2025-11-25 server/resources). */
export const legacyWatch = (link: Link, limits: UpstreamLimits): Pick<ReadyLink, 'watch' | 'unwatch'> => {
  const ask = async (method: string, uri: string): Promise<void> => {
    const options = {
      deadline_ms: limits.request_ms,
      signal: new AbortController().signal,
      resultBytesMax: limits.message_bytes_max,
    };
    const answer = await link.request(method, Buffer.from(JSON.stringify({ uri })), options);
    if (answer.kind === 'error') throw unavailable(`${method} was refused`);
  };
  return {
    async watch(uri) {
      try {
        await ask('resources/subscribe', uri);
      } catch (error) {
        throw error instanceof UpstreamOutcomeUnknown ? unavailable(`resources/subscribe failed`) : error;
      }
    },
    async unwatch(uri) {
      // A server that goes on telling is not listened to any more.
      await ask('resources/unsubscribe', uri).catch(() => undefined);
    },
  };
};

const unavailable = (detail: string) => new CountersignError('upstream_unavailable', detail);
