import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isUpstreamRevision, UPSTREAM_REVISIONS, type UpstreamRevision } from '../revisions.js';
import { parseStrictJson } from '../strict-json.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';
import type { CallAnswer } from './upstream.types.js';

export const initializeParams = (client: { readonly name: string; readonly version: string }): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      protocolVersion: UPSTREAM_REVISIONS[0],
      capabilities: {},
      clientInfo: { name: client.name, version: client.version },
    }),
  );

/** The revision the server chose (MCP basic/lifecycle). @throws CountersignError upstream_invalid. */
export const negotiatedRevision = (answer: CallAnswer, limits: UpstreamLimits): UpstreamRevision => {
  if (answer.kind === 'error') throw new CountersignError('upstream_invalid', 'initialize was refused');
  const result = parseStrictJson(answer.bytes, answerLimits(limits, limits.message_bytes_max)) as JsonObject;
  if (isUpstreamRevision(result['protocolVersion'])) return result['protocolVersion'];
  throw new CountersignError('upstream_invalid', 'initialize chose a revision that is not supported');
};

/** Nothing depends on the outcome of a failed initialize, so whatever went wrong means: not reachable. */
export const asConnectError = (error: unknown): CountersignError => {
  if (error instanceof CountersignError) return error;
  const why = error instanceof UpstreamOutcomeUnknown ? (error.detail ?? error.reason) : 'failed';
  return new CountersignError('upstream_unavailable', `initialize: ${why}`);
};
