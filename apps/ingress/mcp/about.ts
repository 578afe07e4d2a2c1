import { policyFilter } from '#contracts/policy.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { META, TASKS_EXTENSION } from '#mcp/meta.js';
import { type LegacyRevision, SERVED_REVISIONS } from '#mcp/revisions.js';
import { offersTasks } from '#mcp/tasks.js';
import type { UpstreamServer } from '#mcp/upstream/upstream.types.js';
import type { Gateway } from '../gateway.js';
import { GATEWAY_INFO, INSTRUCTIONS } from './gateway-info.js';

/** Who asks at which endpoint; without a server at the united one. */
export interface Asking {
  readonly server: string | undefined;
  readonly groups: readonly string[];
}

const DISCOVER_TTL_MS = 60_000;

/** Answer to `initialize` (MCP 2025-11-25 basic/lifecycle). */
export const initializeResult = async (
  gateway: Gateway,
  asking: Asking,
  protocolVersion: LegacyRevision,
): Promise<JsonObject> => ({
  protocolVersion,
  capabilities: await capabilities(gateway, asking, 'legacy'),
  serverInfo: GATEWAY_INFO,
  instructions: INSTRUCTIONS,
});

/** Answer to `server/discover` (MCP 2026-07-28 server/discover). */
export const discoverResult = async (gateway: Gateway, asking: Asking): Promise<JsonObject> => ({
  resultType: 'complete',
  supportedVersions: SERVED_REVISIONS,
  capabilities: await capabilities(gateway, asking, 'modern'),
  instructions: INSTRUCTIONS,
  ttlMs: DISCOVER_TTL_MS,
  cacheScope: 'private',
  _meta: { [META.serverInfo]: GATEWAY_INFO },
});

/** What the servers behind an endpoint can do, as far as the gateway carries it; tools at least. */
const capabilities = async (
  gateway: Gateway,
  asking: Asking,
  era: 'legacy' | 'modern',
): Promise<JsonObject> => {
  const { server } = asking;
  const names = server === undefined ? gateway.catalog.names() : [server];
  // A server that was never reached says nothing yet; it is given the time of a first list.
  await Promise.allSettled(names.map((name) => gateway.catalog.entries(name, 'tools')));
  const servers = names.flatMap((name) => gateway.catalog.server(name).upstream.server() ?? []);
  const has = (capability: string): boolean =>
    servers.some(({ capabilities: all }) => isJsonObject(all[capability]));
  return {
    tools: { listChanged: true },
    ...(has('prompts') ? { prompts: { listChanged: true } } : {}),
    ...(has('resources') ? { resources: { listChanged: true, subscribe: true } } : {}),
    ...(has('completions') ? { completions: {} } : {}),
    ...(has('logging') && (era === 'modern' || (await maySetLevel(gateway, asking))) ? { logging: {} } : {}),
    ...tasks(servers, era),
  };
};

/**
 * Whether a legacy caller may set the level of log messages: at the endpoint of one server, if policy allows it. Some
 * clients set it as soon as the capability is there, and give up the connection when that is refused.
 */
const maySetLevel = async (gateway: Gateway, { server, groups }: Asking): Promise<boolean> => {
  if (server === undefined) return false;
  const tools = [{ kind: 'method' as const, server, tool: 'logging/setLevel' }];
  return gateway.bus.request(policyFilter, { groups: [...groups], tools }).then(
    ({ allowed: [isAllowed] }) => isAllowed === true,
    () => false,
  );
};

/**
 * Tasks of a server of either era are offered in the era of the client; and in the modern era always, because any tool call
 * that is held becomes one. A legacy client asks for a task only where the tool says that it may.
 */
const tasks = (servers: readonly UpstreamServer[], era: 'legacy' | 'modern'): JsonObject => {
  if (era === 'modern') return { extensions: { [TASKS_EXTENSION]: {} } };
  return servers.some(offersTasks) ? { tasks: { cancel: {}, requests: { tools: { call: {} } } } } : {};
};
