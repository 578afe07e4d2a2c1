import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import type { Config, UpstreamConfig } from '#config/config.schema.js';
import type { CatalogKind } from '#core/catalog/catalog.events.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import type { Upstream } from '#mcp/upstream/upstream.types.js';

/** Something a server lists now. */
export interface CatalogEntry {
  readonly server: string;
  readonly kind: CatalogKind;
  /** Name of the tool or prompt, URI of the resource, URI template. */
  readonly name: string;
  /** As listed; what a pin does not bind (`_meta`, `icons`) included. */
  readonly json: JsonObject;
  /** The same, as the server wrote it. */
  readonly bytes: Uint8Array;
  /** Over the definition (libs/core/catalog/definition.ts): pins and approvals bind to it. */
  readonly digest: Digest;
}

export interface CatalogServer {
  readonly name: string;
  readonly upstream: Upstream;
  readonly timeout_ms: number;
}

/**
 * Whether a target may be used. `unpinned`: entries of this kind need no approval by configuration; policy alone decides,
 * and the entry may be unlisted (undefined).
 */
export type CatalogLookup =
  | { readonly state: 'pinned'; readonly entry: CatalogEntry }
  | { readonly state: 'unpinned'; readonly entry: CatalogEntry | undefined }
  /** `why` is for the refusal `tool_held`; it holds no text of the server. */
  | { readonly state: 'held'; readonly why: string; readonly digest: Digest | null }
  | { readonly state: 'unknown' };

export interface CatalogOptions {
  readonly config: Config;
  readonly bus: Bus;
  readonly logger: Logger;
  /** Opens the connection of one upstream. @throws ConfigError when a secret is not there */
  readonly open: (upstream: UpstreamConfig) => Upstream;
}

/** Connections that nobody uses yet. */
export interface OpenedServers {
  readonly servers: readonly { readonly config: UpstreamConfig; readonly upstream: Upstream }[];
  close(): void;
}
