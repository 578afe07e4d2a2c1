import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { META } from '../meta.js';
import { isUpstreamRevision, MODERN_REVISION } from '../revisions.js';
import { parseStrictJson } from '../strict-json.js';
import { HEADER_MISMATCH, MISSING_CAPABILITY, requestMeta, UNSUPPORTED_REVISION } from './envelope.js';
import { asObject, objectOrNull } from './json-object.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import type { Link, LinkSettings } from './link.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';
import type { CallAnswer, UpstreamServer } from './upstream.types.js';

/** `server` is undefined for a server of the legacy era. */
export interface Discovery {
  readonly server?: UpstreamServer;
  /** Refused for a revision that the server says it speaks: to be asked once more. */
  readonly again?: true;
}

export interface Probe {
  readonly deadline_ms: number;
  readonly signal: AbortSignal;
  /** What a lost connection means: a child that ends at the unknown is a legacy server, a network fault says nothing. */
  readonly silence: 'legacy' | 'fault';
  /** Status of the HTTP response, once there is one. */
  status?(): number | undefined;
}

/** Header mismatch, missing client capability: only a modern server says so. */
const MODERN_ERRORS = new Set([HEADER_MISMATCH, MISSING_CAPABILITY]);
/** Said by what stands before a server, whatever its era. */
const NO_EVIDENCE = new Set([401, 403, 407, 429]);

/**
 * Finds out the era of a server by asking server/discover first (MCP 2026-07-28 basic/versioning and the "Backward
 * Compatibility" sections of both transports): what is not recognised as modern is legacy.
 * @throws CountersignError upstream_unavailable when the answer says nothing about the era, or the server is modern
 * without a revision in common; the link is closed then.
 */
export const discover = async (
  link: Link,
  { client, limits, era }: Pick<LinkSettings<unknown>, 'client' | 'limits' | 'era'>,
  probe: Probe,
): Promise<Discovery> => {
  try {
    const meta = requestMeta({ revision: MODERN_REVISION }, client, {});
    const first = await ask(link, meta, limits, probe);
    const found = first.again ? await ask(link, meta, limits, probe) : first;
    if (era === 'modern' && !found.server) throw unavailable('server/discover: not a modern server');
    return found;
  } catch (error) {
    await link.close();
    if (error instanceof CountersignError) throw error;
    throw unavailable(
      `server/discover: ${error instanceof UpstreamOutcomeUnknown ? (error.detail ?? error.reason) : 'failed'}`,
    );
  }
};

const ask = async (
  link: Link,
  meta: JsonObject,
  limits: UpstreamLimits,
  probe: Probe,
): Promise<Discovery> => {
  const { deadline_ms, signal } = probe;
  const options = { deadline_ms, signal, resultBytesMax: limits.message_bytes_max, ours: true };
  const params = Buffer.from(JSON.stringify({ _meta: meta }));
  const answer = await link.request('server/discover', params, options).catch((error: unknown) => {
    if (signal.aborted || !isLegacy(error, probe)) throw error;
    return undefined;
  });
  if (!answer) return {};
  return readDiscovery(answer, limits);
};

/** Whether having no answer tells that the server is of the legacy era. */
const isLegacy = (error: unknown, { silence, status }: Probe): boolean => {
  if (error instanceof UpstreamOutcomeUnknown) {
    const { reason } = error;
    if (reason === 'connection_lost') return silence === 'legacy';
    return reason === 'timeout' || reason === 'invalid_answer';
  }
  const head = status?.();
  return head !== undefined && head >= 400 && head < 500 && !NO_EVIDENCE.has(head);
};

/** What an answer to server/discover tells. Throws what `discover` throws. */
export const readDiscovery = ({ kind, bytes }: CallAnswer, limits: UpstreamLimits): Discovery => {
  const json = parseStrictJson(bytes, answerLimits(limits, limits.message_bytes_max)) as JsonObject;
  return kind === 'result' ? readResult(json) : readError(json);
};

const readResult = ({ supportedVersions, capabilities, instructions, _meta }: JsonObject): Discovery => {
  if (!Array.isArray(supportedVersions) || !supportedVersions.includes(MODERN_REVISION)) return {};
  return {
    server: {
      era: 'modern',
      revision: MODERN_REVISION,
      capabilities: asObject(capabilities),
      info: objectOrNull(asObject(_meta)[META.serverInfo]),
      instructions: typeof instructions === 'string' ? instructions : null,
    },
  };
};

const readError = ({ code, data }: JsonObject): Discovery => {
  if (MODERN_ERRORS.has(code as number)) throw unavailable(`server/discover was refused (${code})`);
  if (code !== UNSUPPORTED_REVISION) return {};
  const { supported } = asObject(data);
  if (!Array.isArray(supported) || supported.length === 0) return {};
  // Replicas of a server may not all have been upgraded yet.
  if (supported.includes(MODERN_REVISION)) return { again: true };
  // A modern server without a revision we speak; one that also speaks a legacy revision is spoken to in that.
  if (!supported.some(isUpstreamRevision)) throw unavailable('server/discover: no revision in common');
  return {};
};

const unavailable = (detail: string) => new CountersignError('upstream_unavailable', detail);
