import { randomUUID } from 'node:crypto';
import type { UpstreamConfig } from '#config/config.schema.js';
import { CATALOG_KINDS, type CatalogKind, type EntryName } from '#core/catalog/catalog.events.js';
import { entryKey, entryState } from '#core/catalog/catalog.state.js';
import {
  type Approval,
  decideApprovals,
  decideListing,
  type FirstApproval,
  type OperatorApproval,
} from '#core/catalog/decide-catalog.js';
import { splitUnitedName, unitedName } from '#core/catalog/names.js';
import { CountersignError } from '#core/errors.js';
import type { Actor } from '#core/evidence/entry.js';
import type { Upstream } from '#mcp/upstream/upstream.types.js';
import { catalogHeld } from '#telemetry/metrics.js';
import { approvalNeeds } from './approval-needs.js';
import type {
  CatalogEntry,
  CatalogLookup,
  CatalogOptions,
  CatalogServer,
  OpenedServers,
} from './catalog.types.js';
import { CatalogLog } from './catalog-log.js';
import { type CountedUpstream, countedUpstream } from './counted-upstream.js';
import {
  detailOf,
  type EntryDetail,
  type EntryView,
  listedIn,
  printOf,
  type ServerEntries,
  viewsOf,
  whyHeld,
} from './entry-view.js';
import { type Listed, ServerLists } from './server-lists.js';

/** A first list must be there by then, or the upstream counts as unavailable for this request. */
const FIRST_LIST_MS = 1_200;
/** How long calls under way may go on at a server that was changed or removed. */
const DRAIN_MS_MAX = 600_000;

interface Server {
  readonly name: string;
  readonly first: FirstApproval;
  readonly timeout_ms: number;
  readonly upstream: CountedUpstream;
  readonly lists: ServerLists;
  /** Of what is shown, by kind, to tell when it changes. */
  readonly shown: Map<CatalogKind, string>;
}

/**
 * The servers that agents may reach and what these list. Only definitions that are pinned, by an operator or by
 * `upstreams[].catalog`, are shown and may be used; kinds that are not named in `catalog.pin` are left to the policy.
 */
export class Catalog {
  /** This process, in records. */
  readonly instance = randomUUID();
  private readonly servers = new Map<string, Server>();
  private readonly draining = new Set<CountedUpstream>();
  private readonly listeners: ((kind: CatalogKind, server: string) => void)[] = [];
  private readonly updateListeners: ((server: string, uri: string) => void)[] = [];
  private readonly openListeners: ((server: string) => void)[] = [];
  private readonly log: CatalogLog;
  private readonly pinnedKinds: ReadonlySet<CatalogKind>;

  constructor(private readonly options: CatalogOptions) {
    this.log = new CatalogLog(options.bus, options.logger);
    this.pinnedKinds = new Set(options.config.catalog.pin);
    this.log.onChanged((server) => this.afterChange(server));
    this.replace(this.open(options.config.upstreams), []);
  }

  /** Begins to follow the log; until the past is read nothing is shown. */
  start(): void {
    this.log.start();
  }

  async close(): Promise<void> {
    await this.log.stop();
    for (const { lists } of this.servers.values()) lists.stop();
    const upstreams = [...this.draining, ...[...this.servers.values()].map(({ upstream }) => upstream)];
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }

  has(server: string): boolean {
    return this.servers.has(server);
  }

  names(): readonly string[] {
    return [...this.servers.keys()];
  }

  /** @throws CountersignError not_found for a server that is not configured */
  server(name: string): CatalogServer {
    return this.required(name);
  }

  /**
   * What is shown to callers, before policy filters it.
   * @throws CountersignError not_found; upstream_(unavailable, consent_needed, auth_failed) when no list has come yet
   */
  async entries(server: string, kind: CatalogKind): Promise<ReadonlyMap<string, CatalogEntry>> {
    await this.firstList(server, kind);
    return this.shownOf(this.required(server), kind);
  }

  /**
   * Whether one entry may be used now; to be asked at the call, and again when a held call is released.
   * @throws CountersignError not_found; upstream_unavailable when no list has come yet
   */
  async lookup(server: string, kind: CatalogKind, name: string): Promise<CatalogLookup> {
    const listed = (await this.firstList(server, kind)).get(name);
    if (!this.pinnedKinds.has(kind)) return { state: 'unpinned', entry: listed?.entry };
    const record = this.log.state(server).entries.get(entryKey({ kind, name }));
    const state = entryState(record, listed?.entry.digest);
    if (state === undefined) return { state: 'unknown' };
    if (state === 'pinned' && listed !== undefined) return { state, entry: listed.entry };
    return {
      state: 'held',
      why: whyHeld(state, record, listed?.entry.digest),
      digest: listed?.entry.digest ?? null,
    };
  }

  /** Reads a name of the united endpoint; undefined when it names no configured server. */
  split(united: string): { server: string; name: string } | undefined {
    const found = splitUnitedName(united);
    return found !== undefined && this.has(found.server) ? found : undefined;
  }

  join(server: string, name: string): string {
    return unitedName(server, name);
  }

  /** Called when what `entries` shows has changed, at any replica's doing. Must not throw. */
  onChanged(listener: (kind: CatalogKind, server: string) => void): void {
    this.listeners.push(listener);
  }

  /** Called for watched resources. Must not throw. */
  onResourceUpdated(listener: (server: string, uri: string) => void): void {
    this.updateListeners.push(listener);
  }

  /** Called when a server has a new connection object: what was watched through the old one is not. Must not throw. */
  onOpened(listener: (server: string) => void): void {
    this.openListeners.push(listener);
  }

  /** Every entry of the pinned kinds, held ones and missing ones included, as operators see them. @throws CountersignError not_found */
  view(server: string): readonly EntryView[] {
    return viewsOf(this.entriesOf(server));
  }

  /** One entry with its definitions. @throws CountersignError not_found, catalog_entry_unknown */
  detail(server: string, { kind, name }: EntryName): EntryDetail {
    const detail = detailOf(this.entriesOf(server), { kind, name });
    if (detail === undefined) throw new CountersignError('catalog_entry_unknown');
    return detail;
  }

  /**
   * Counts an operator's approval, and pins what has enough of them: all of it in one append, or nothing.
   * @throws CountersignError not_found, revision_conflict, ledger_*, and those of `decideApprovals`
   */
  async approve(
    server: string,
    approvals: readonly Approval[],
    actor: Actor,
    by: Pick<OperatorApproval, 'operator' | 'reason'>,
  ): Promise<void> {
    const entries = this.entriesOf(server);
    const known = { server, listed: listedIn(entries), needs: entries.needs };
    await this.log.record(server, actor, (state) => decideApprovals(state, { ...known, approvals, ...by }));
  }

  private entriesOf(server: string): ServerEntries {
    const { lists } = this.required(server);
    return {
      server,
      kinds: [...this.pinnedKinds],
      lists: (kind) => lists.get(kind),
      state: this.log.state(server),
      needs: approvalNeeds(this.options.config),
    };
  }

  /** Connections that nobody uses yet. @throws ConfigError when one cannot be opened; none stays open then */
  open(upstreams: readonly UpstreamConfig[]): OpenedServers {
    const servers: { config: UpstreamConfig; upstream: Upstream }[] = [];
    const close = (): void => {
      for (const { upstream } of servers) void upstream.close();
    };
    try {
      for (const config of upstreams) servers.push({ config, upstream: this.options.open(config) });
    } catch (error) {
      close();
      throw error;
    }
    return { servers, close };
  }

  /**
   * Takes these servers and those named in `keep` for all there are, while others work. Calls under way at a server that
   * was changed or removed go on; later ones go to the new connection, or are refused.
   */
  replace({ servers }: OpenedServers, keep: readonly string[]): void {
    const gone = [...this.servers.values()].filter(({ name }) => !keep.includes(name));
    for (const server of gone) this.retire(server);
    for (const { config, upstream } of servers) this.add(config, upstream);
    for (const { name } of gone) if (!this.has(name)) this.tell(name, CATALOG_KINDS);
  }

  private add({ name, timeout_ms, catalog }: UpstreamConfig, opened: Upstream): void {
    const upstream = countedUpstream(opened);
    const { config, logger } = this.options;
    const first = catalog ?? (config.mode === 'development' ? 'trust-first' : 'approve');
    const lists = new ServerLists(name, upstream, logger, (kind) => this.settle(name, first, lists, kind));
    this.servers.set(name, { name, first, timeout_ms, upstream, lists, shown: new Map() });
    upstream.onResourceUpdated((uri) => {
      for (const listener of this.updateListeners) listener(name, uri);
    });
    for (const listener of this.openListeners) listener(name);
  }

  private retire({ name, lists, upstream }: Server): void {
    this.servers.delete(name);
    catalogHeld.remove({ server: name });
    lists.stop();
    this.draining.add(upstream);
    void upstream.drain(DRAIN_MS_MAX).finally(() => this.draining.delete(upstream));
  }

  /** Records what a new list changes. */
  private async settle(
    server: string,
    first: FirstApproval,
    lists: ServerLists,
    kind: CatalogKind,
  ): Promise<void> {
    await this.log.caughtUp;
    // What is hidden by the new list is told at once, before it is on record.
    this.afterChange(server);
    if (this.pinnedKinds.has(kind)) {
      const entries = [...(lists.get(kind)?.values() ?? [])].map(({ definition }) => definition);
      const actor: Actor = { kind: 'service', service: 'ingress', instance: this.instance };
      await this.log.record(server, actor, (state) => decideListing(state, { server, kind, entries, first }));
    }
    this.afterChange(server);
  }

  private async firstList(server: string, kind: CatalogKind): Promise<ReadonlyMap<string, Listed>> {
    const { lists } = this.required(server);
    const hasFirst = await lists.hasFirst(kind, FIRST_LIST_MS);
    const listed = lists.get(kind);
    if (!hasFirst || listed === undefined)
      throw new CountersignError('upstream_unavailable', `${server} has not listed its ${kind} yet`);
    return listed;
  }

  private shownOf({ name, lists }: Server, kind: CatalogKind): ReadonlyMap<string, CatalogEntry> {
    const { entries } = this.log.state(name);
    const shown = [...(lists.get(kind) ?? [])].filter(
      ([, { definition }]) =>
        !this.pinnedKinds.has(kind) ||
        entryState(entries.get(entryKey(definition)), definition.digest) === 'pinned',
    );
    return new Map(shown.map(([key, { entry }]) => [key, entry]));
  }

  /** After a new list, or an event of any replica: tells who is shown something else now. */
  private afterChange(name: string): void {
    const server = this.servers.get(name);
    if (server === undefined) return;
    const changed = CATALOG_KINDS.filter((kind) => {
      const print = printOf(this.shownOf(server, kind).values());
      const isChanged = print !== (server.shown.get(kind) ?? '');
      server.shown.set(kind, print);
      return isChanged;
    });
    const held = this.view(name).filter(({ state }) => state !== 'pinned' && state !== 'missing');
    catalogHeld.set({ server: name }, held.length);
    this.tell(name, changed);
  }

  private tell(server: string, kinds: readonly CatalogKind[]): void {
    for (const kind of kinds) for (const listener of this.listeners) listener(kind, server);
  }

  private required(name: string): Server {
    const server = this.servers.get(name);
    if (server === undefined) throw new CountersignError('not_found', 'no such upstream server');
    return server;
  }
}
