import type { Logger } from 'pino';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { canonicalJson } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { LIST_KINDS, type ListedItem, type ListKind, type Upstream } from '#mcp/upstream/upstream.types.js';
import { sha256 } from '#sealing/sha256.js';

export interface CatalogEntry {
  readonly server: string;
  readonly kind: ListKind;
  /** Name of the tool or prompt, URI of the resource, URI template. */
  readonly name: string;
  readonly json: JsonObject;
  /** Over name, title, description, schemas and annotations: approvals bind to it. */
  readonly digest: Digest;
}

/** What the catalog knows of a name. */
export type Lookup =
  | { readonly state: 'pinned'; readonly entry: CatalogEntry }
  | { readonly state: 'unknown' }
  | { readonly state: 'held'; readonly why: string };

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
  entries: ReadonlyMap<string, CatalogEntry> | undefined;
  loading: Promise<void> | undefined;
  stale: boolean;
}

/** The lists of every upstream, by their own names, kept until the upstream says they changed. */
export class Catalog {
  private readonly servers: ReadonlyMap<string, CatalogServer>;
  private readonly listings = new Map<string, Listing>();
  private readonly listeners: ((server: string, kind: ListKind) => void)[] = [];
  private readonly updateListeners: ((server: string, uri: string) => void)[] = [];
  private readonly stopping = new AbortController();

  constructor(
    servers: readonly CatalogServer[],
    private readonly logger: Logger,
  ) {
    this.servers = new Map(servers.map((server) => [server.name, server]));
    for (const { name, upstream } of servers) {
      for (const kind of LIST_KINDS)
        this.listings.set(`${name}/${kind}`, { entries: undefined, loading: undefined, stale: true });
      upstream.onListChanged((kind) => void this.refresh(name, kind));
      upstream.onResourceUpdated((uri) => {
        for (const listener of this.updateListeners) listener(name, uri);
      });
      void this.refresh(name, 'tools');
    }
  }

  /** Called when what may be shown of a server has changed. Must not throw. */
  onChanged(listener: (server: string, kind: ListKind) => void): void {
    this.listeners.push(listener);
  }

  /** Called for watched resources. Must not throw. */
  onResourceUpdated(listener: (server: string, uri: string) => void): void {
    this.updateListeners.push(listener);
  }

  /** The servers that list this URI, or else a template for it. */
  async serversOfUri(uri: string): Promise<readonly string[]> {
    const listing = async (kind: ListKind, fits: (name: string) => boolean) => {
      const servers = await Promise.all(
        this.names().map(async (server) => {
          const entries = await this.entries(server, kind).catch(() => []);
          return entries.some(({ name }) => fits(name)) ? [server] : [];
        }),
      );
      return servers.flat();
    };
    const exact = await listing('resources', (name) => name === uri);
    return exact.length > 0 ? exact : listing('resourceTemplates', (name) => fitsTemplate(name, uri));
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

  /** What may be shown. @throws CountersignError upstream_unavailable when no list has ever come */
  async entries(server: string, kind: ListKind): Promise<readonly CatalogEntry[]> {
    return [...(await this.listed(server, kind)).values()];
  }

  /** @throws CountersignError upstream_unavailable when no list has ever come */
  async lookup(server: string, kind: ListKind, name: string): Promise<Lookup> {
    const entry = (await this.listed(server, kind)).get(name);
    return entry === undefined ? { state: 'unknown' } : { state: 'pinned', entry };
  }

  private async listed(server: string, kind: ListKind): Promise<ReadonlyMap<string, CatalogEntry>> {
    const listing = this.listing(server, kind);
    if (listing.entries === undefined) await Promise.race([this.refresh(server, kind), pause(FIRST_LIST_MS)]);
    if (listing.entries === undefined)
      throw new CountersignError('upstream_unavailable', `${server} has not listed its ${kind} yet`);
    return listing.entries;
  }

  /** Splits a name of the united endpoint, `server__name`; only configured servers count, so a name may hold `__` itself. */
  split(name: string): { server: string; name: string } | undefined {
    for (const server of this.servers.keys()) {
      if (name.startsWith(server + SEPARATOR))
        return { server, name: name.slice(server.length + SEPARATOR.length) };
    }
    return undefined;
  }

  join(server: string, name: string): string {
    return server + SEPARATOR + name;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.servers.values()].map(({ upstream }) => upstream.close()));
  }

  private listing(server: string, kind: ListKind): Listing {
    const listing = this.listings.get(`${server}/${kind}`);
    if (listing === undefined) throw new CountersignError('not_found', 'no such upstream server');
    return listing;
  }

  private refresh(server: string, kind: ListKind): Promise<void> {
    const listing = this.listing(server, kind);
    listing.stale = true;
    listing.loading ??= this.load(server, kind, listing).finally(() => {
      listing.loading = undefined;
    });
    return listing.loading;
  }

  private async load(server: string, kind: ListKind, listing: Listing): Promise<void> {
    while (listing.stale && !this.stopping.signal.aborted) {
      listing.stale = false;
      try {
        const items = await this.server(server).upstream.list(kind, this.stopping.signal);
        listing.entries = new Map(items.map((item) => [item.name, toEntry(server, kind, item)]));
        for (const listener of this.listeners) listener(server, kind);
        this.logger.info({ server, kind, items: items.length }, 'listed');
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        this.logger.warn({ server, kind, code: (error as CountersignError).code }, 'cannot list');
        listing.stale = true;
        await pause(RETRY_MS);
      }
    }
  }
}

const toEntry = (server: string, kind: ListKind, { name, json }: ListedItem): CatalogEntry => {
  const { title, description, inputSchema, outputSchema, annotations } = json;
  const pinned = JSON.parse(
    JSON.stringify({ name, title, description, inputSchema, outputSchema, annotations }),
  ) as JsonObject;
  return { server, kind, name, json, digest: sha256(canonicalJson(pinned)) };
};

/** Simple expressions of RFC 6570 stand for anything; only to find the server, policy decides on the URI. */
const fitsTemplate = (template: string, uri: string): boolean => {
  const pieces = template.split(/\{[^}]*\}/);
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    const found = uri.indexOf(piece, at);
    if (found < 0 || (index === 0 && found > 0)) return false;
    at = found + piece.length;
  }
  return pieces.at(-1) === '' || at === uri.length;
};

const pause = (wait_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, wait_ms).unref());
