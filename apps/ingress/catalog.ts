import type { Logger } from 'pino';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { canonicalJson } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import type { ListedItem, Upstream } from '#mcp/upstream/upstream.types.js';
import { sha256 } from '#sealing/sha256.js';

export interface CatalogTool {
  readonly server: string;
  readonly name: string;
  readonly json: JsonObject;
  /** Over name, title, description, schemas and annotations: approvals bind to it. */
  readonly digest: Digest;
}

export interface CatalogServer {
  readonly name: string;
  readonly upstream: Upstream;
  readonly timeout_ms: number;
}

/** A first list must be there by then, or the upstream counts as unavailable for this request. */
const FIRST_LIST_MS = 1_200;
const RETRY_MS = 1_000;
const SEPARATOR = '__';

interface Listing {
  tools: ReadonlyMap<string, CatalogTool> | undefined;
  loading: Promise<void> | undefined;
  stale: boolean;
}

/** The tools of every upstream, by their own names, kept until the upstream says they changed. */
export class Catalog {
  private readonly servers: ReadonlyMap<string, CatalogServer>;
  private readonly listings = new Map<string, Listing>();
  private readonly stopping = new AbortController();

  constructor(
    servers: readonly CatalogServer[],
    private readonly logger: Logger,
  ) {
    this.servers = new Map(servers.map((server) => [server.name, server]));
    for (const { name, upstream } of servers) {
      this.listings.set(name, { tools: undefined, loading: undefined, stale: true });
      upstream.onListChanged((kind) => {
        if (kind === 'tools') void this.refresh(name);
      });
      this.refresh(name);
    }
  }

  has(server: string): boolean {
    return this.servers.has(server);
  }

  names(): readonly string[] {
    return [...this.servers.keys()];
  }

  /** @throws CountersignError not_found for a server that is not configured */
  server(name: string): CatalogServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new CountersignError('not_found', 'no such upstream server');
    return server;
  }

  /** @throws CountersignError upstream_unavailable when no list has ever come */
  async tools(server: string): Promise<ReadonlyMap<string, CatalogTool>> {
    const listing = this.listing(server);
    if (listing.tools === undefined) await Promise.race([this.refresh(server), pause(FIRST_LIST_MS)]);
    if (listing.tools === undefined)
      throw new CountersignError('upstream_unavailable', `${server} has not listed its tools yet`);
    return listing.tools;
  }

  /** Splits a name of the united endpoint, `server__tool`; only configured servers count, so a tool may hold `__` itself. */
  split(name: string): { server: string; tool: string } | undefined {
    for (const server of this.servers.keys()) {
      if (name.startsWith(server + SEPARATOR))
        return { server, tool: name.slice(server.length + SEPARATOR.length) };
    }
    return undefined;
  }

  join(server: string, tool: string): string {
    return server + SEPARATOR + tool;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.servers.values()].map(({ upstream }) => upstream.close()));
  }

  private listing(server: string): Listing {
    const listing = this.listings.get(server);
    if (listing === undefined) throw new CountersignError('not_found', 'no such upstream server');
    return listing;
  }

  private refresh(server: string): Promise<void> {
    const listing = this.listing(server);
    listing.stale = true;
    listing.loading ??= this.load(server, listing).finally(() => {
      listing.loading = undefined;
    });
    return listing.loading;
  }

  private async load(server: string, listing: Listing): Promise<void> {
    while (listing.stale && !this.stopping.signal.aborted) {
      listing.stale = false;
      try {
        const tools = await this.server(server).upstream.list('tools', this.stopping.signal);
        listing.tools = new Map(tools.map((tool) => [tool.name, toCatalogTool(server, tool)]));
        this.logger.info({ server, tools: tools.length }, 'tools listed');
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        this.logger.warn({ server, code: (error as CountersignError).code }, 'cannot list tools');
        listing.stale = true;
        await pause(RETRY_MS);
      }
    }
  }
}

const toCatalogTool = (server: string, { name, json }: ListedItem): CatalogTool => {
  const { title, description, inputSchema, outputSchema, annotations } = json;
  const pinned = JSON.parse(
    JSON.stringify({ name, title, description, inputSchema, outputSchema, annotations }),
  ) as JsonObject;
  return { server, name, json, digest: sha256(canonicalJson(pinned)) };
};

const pause = (wait_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, wait_ms).unref());
