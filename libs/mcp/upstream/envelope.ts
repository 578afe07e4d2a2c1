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

/** Error codes of MCP 2026-07-28 basic, "Error Codes". */
export const HEADER_MISMATCH = -32_020;
export const MISSING_CAPABILITY = -32_021;
export const UNSUPPORTED_REVISION = -32_022;

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
