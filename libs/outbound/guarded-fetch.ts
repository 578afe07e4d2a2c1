import { Agent, fetch, type RequestInit } from 'undici';
import { type GuardedConnectOptions, guardedConnect, OutboundRefusedError } from './guarded-connect.js';

/** Shaped as the fetch of the standard, so that OAuth libraries can use it. */
export type OutboundFetch = (
  url: string | URL,
  init?: globalThis.RequestInit,
) => Promise<globalThis.Response>;

export interface GuardedFetchOptions extends GuardedConnectOptions {
  /** From sending to the whole answer, in milliseconds; default 10,000. */
  readonly answer_ms?: number;
  /** Longer answers are refused; default 1 MiB. */
  readonly answer_bytes_max?: number;
}

export interface Outbound {
  readonly fetch: OutboundFetch;
  close(): Promise<void>;
}

const ANSWER_MS = 10_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/**
 * `fetch` for addresses that others name: metadata documents, token endpoints. Addresses are checked as guardedConnect
 * does it, redirects are refused, plain HTTP is for this machine and listed hosts only, answers are bounded in time and
 * size. Rejects with TypeError like the standard's; its `cause` is an OutboundRefusedError when the guard said no.
 */
export const openOutbound = (options: GuardedFetchOptions): Outbound => {
  const { rules, answer_ms = ANSWER_MS, answer_bytes_max = ANSWER_BYTES_MAX } = options;
  const dispatcher = new Agent({
    connect: guardedConnect(options),
    keepAliveTimeout: 4_000,
    headersTimeout: answer_ms,
    bodyTimeout: answer_ms,
  });
  return {
    fetch: async (url, init = {}) => {
      const { protocol, hostname, username, password } = new URL(url);
      const isPlain = protocol === 'http:' && rules.permitsPlainHttp(hostname);
      if ((protocol !== 'https:' && !isPlain) || username || password)
        throw refused('only https without credentials in the address');
      const answer = await fetch(url, {
        ...(init as RequestInit),
        dispatcher,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(answer_ms), ...(init.signal ? [init.signal] : [])]),
      });
      if (answer.status >= 300 && answer.status < 400) {
        await answer.body?.cancel();
        throw refused('redirects are not followed');
      }
      const body = await readBounded(answer.body, answer_bytes_max);
      const { status, headers } = answer;
      return new Response(body.length === 0 ? null : body, { status, headers: [...headers] });
    },
    close: () => dispatcher.destroy(),
  };
};

const refused = (why: string): TypeError =>
  new TypeError('refused', { cause: new OutboundRefusedError(why) });

const readBounded = async (
  body: AsyncIterable<Uint8Array> | null,
  bytes_max: number,
): Promise<Buffer<ArrayBuffer>> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > bytes_max) throw refused('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
