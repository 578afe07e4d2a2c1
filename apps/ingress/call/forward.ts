import { CountersignError } from '#core/errors.js';
import { UpstreamOutcomeUnknown } from '#mcp/upstream/outcome-unknown.js';
import type { CallAnswer } from '#mcp/upstream/upstream.types.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';
import type { Exchange } from './exchange.js';
import type { IntentReceipt } from './receipt.js';

export type Returned =
  | { readonly kind: 'result' | 'error'; readonly bytes: Uint8Array; readonly elapsed_us: number }
  /** Known not to have been carried out, or carried out with an answer that cannot be used. */
  | { readonly kind: 'failed'; readonly error: CountersignError }
  | { readonly kind: 'unknown'; readonly error: UpstreamOutcomeUnknown };

/** Sends the recorded bytes upstream with the gateway's own credential. At most once: nothing here ever sends again. */
export const forward = async (
  gateway: Gateway,
  call: Call,
  receipt: IntentReceipt,
  exchange: Exchange,
  resultBytesMax: number,
): Promise<Returned> => {
  const started = performance.now();
  try {
    // Throws when the server was removed from the configuration a moment ago: nothing was sent then.
    const { upstream, timeout_ms } = gateway.catalog.server(call.server);
    const answer: CallAnswer = await upstream.request('tools/call', call.paramsBytes, {
      deadline_ms: timeout_ms,
      signal: exchange.cancelled,
      resultBytesMax: Math.min(gateway.config.limits.result_bytes_max, resultBytesMax),
      // The token in the recorded bytes is the id of the call that made them, also when a held call is released later.
      ...(call.wantsProgress
        ? {
            progressToken: call.id,
            // Without the text: nothing has masked it.
            onProgress: ({ progress, total }) =>
              exchange.progress({ progress, ...(total !== undefined && { total }) }),
          }
        : {}),
    });
    return {
      kind: answer.kind,
      bytes: answer.bytes,
      elapsed_us: Math.round((performance.now() - started) * 1_000),
    };
  } catch (error) {
    if (error instanceof UpstreamOutcomeUnknown) return { kind: 'unknown', error };
    if (error instanceof CountersignError) return { kind: 'failed', error };
    gateway.logger.error({ callId: receipt.callId, err: error }, 'unexpected error while forwarding');
    return { kind: 'unknown', error: new UpstreamOutcomeUnknown('connection_lost', 'unexpected error') };
  }
};
