import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isUpstreamRevision, UPSTREAM_REVISIONS } from '../revisions.js';
import { parseStrictJson } from '../strict-json.js';
import { clientCapabilities, type ServerRequestMethod } from './client-capabilities.js';
import { asObject, objectOrNull } from './json-object.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import type { Link, LinkSettings } from './link.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';
import type { CallAnswer, UpstreamServer } from './upstream.types.js';
import type { ClientInfo } from './upstream-config.types.js';

/**
 * Initialises a new link (MCP basic/lifecycle); `confirm` sends notifications/initialized. A link that cannot be
 * initialised is closed.
 * @throws CountersignError upstream_unavailable, or what the upstream did wrong.
 */
export const initialize = async (
  link: Link,
  { client, limits, serverRequests }: Omit<LinkSettings<unknown>, 'transport'>,
  signal: AbortSignal,
  confirm: (revision: string) => Promise<void>,
): Promise<UpstreamServer> => {
  const options = {
    deadline_ms: limits.connect_ms,
    signal,
    resultBytesMax: limits.message_bytes_max,
    ours: true,
  };
  try {
    const answer = await link.request('initialize', initializeParams(client, serverRequests), options);
    const server = readServer(answer, limits);
    await confirm(server.revision);
    return server;
  } catch (error) {
    await link.close();
    throw asConnectError(error);
  }
};

const initializeParams = (client: ClientInfo, serverRequests: readonly ServerRequestMethod[]): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      protocolVersion: UPSTREAM_REVISIONS[0],
      capabilities: clientCapabilities(serverRequests),
      clientInfo: { name: client.name, version: client.version },
    }),
  );

/** What the server says about itself. @throws CountersignError upstream_invalid. */
const readServer = (answer: CallAnswer, limits: UpstreamLimits): UpstreamServer => {
  if (answer.kind === 'error') throw new CountersignError('upstream_invalid', 'initialize was refused');
  const result = parseStrictJson(answer.bytes, answerLimits(limits, limits.message_bytes_max)) as JsonObject;
  const { protocolVersion, capabilities, serverInfo, instructions } = result;
  if (!isUpstreamRevision(protocolVersion))
    throw new CountersignError('upstream_invalid', 'initialize chose a revision that is not supported');
  return {
    era: 'legacy',
    revision: protocolVersion,
    capabilities: asObject(capabilities),
    info: objectOrNull(serverInfo),
    instructions: typeof instructions === 'string' ? instructions : null,
  };
};

/** Nothing depends on the outcome of a failed initialize, so whatever went wrong means: not reachable. */
const asConnectError = (error: unknown): CountersignError => {
  if (error instanceof CountersignError) return error;
  const why = error instanceof UpstreamOutcomeUnknown ? (error.detail ?? error.reason) : 'failed';
  return new CountersignError('upstream_unavailable', `initialize: ${why}`);
};
