import type { JsonObject } from '#core/evidence/canonical-json.js';
import { META } from '../meta.js';
import type { UpstreamServer } from './upstream.types.js';
import type { ClientInfo } from './upstream-config.types.js';

/** Error codes of MCP 2026-07-28 basic, "Error Codes". */
export const HEADER_MISMATCH = -32_020;
export const MISSING_CAPABILITY = -32_021;
export const UNSUPPORTED_REVISION = -32_022;

/** The members of `params._meta` that each request of the modern era must carry (MCP 2026-07-28 basic, `_meta`). */
export const requestMeta = (
  server: Pick<UpstreamServer, 'revision'>,
  client: ClientInfo,
  clientCapabilities: JsonObject,
): JsonObject => ({
  [META.protocolVersion]: server.revision,
  [META.clientInfo]: { name: client.name, version: client.version },
  [META.clientCapabilities]: clientCapabilities,
});
