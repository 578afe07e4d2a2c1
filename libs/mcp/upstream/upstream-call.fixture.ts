/** What the specs of upstreams share, whatever the transport. */
import { expect } from 'vitest';
import type { RequestOptions, Upstream } from './upstream.types.js';

/** One call with room and time enough; the answer as text. */
export const callWith = async (
  upstream: Upstream,
  params: Uint8Array,
  options: Partial<RequestOptions> = {},
): Promise<{ kind: 'result' | 'error'; text: string }> => {
  const signal = new AbortController().signal;
  const answer = await upstream.request('tools/call', params, {
    deadline_ms: 10_000,
    signal,
    resultBytesMax: 100_000,
    ...options,
  });
  return { kind: answer.kind, text: Buffer.from(answer.bytes).toString() };
};

export const unavailable = expect.objectContaining({ code: 'upstream_unavailable' });
export const unknown = (reason: string) =>
  expect.objectContaining({ name: 'UpstreamOutcomeUnknown', reason });
