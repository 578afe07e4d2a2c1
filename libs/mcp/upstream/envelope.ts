import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { UpstreamServer } from './upstream.types.js';
import type { ClientInfo } from './upstream-config.types.js';

export const META = {
  revision: 'io.modelcontextprotocol/protocolVersion',
  client: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  server: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** The members of `params._meta` that each request of the modern era must carry (MCP 2026-07-28 basic, `_meta`). */
export const requestMeta = (
  server: Pick<UpstreamServer, 'revision'>,
  client: ClientInfo,
  clientCapabilities: JsonObject,
): JsonObject => ({
  [META.revision]: server.revision,
  [META.client]: { name: client.name, version: client.version },
  [META.capabilities]: clientCapabilities,
});
