import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { ListKind } from '#mcp/upstream/upstream.types.js';
import type { Catalog } from './catalog/catalog.js';

/** A client that listens: the GET stream of a legacy session, or a `subscriptions/listen` of the modern era. */
export interface Listener {
  /** Person and client. */
  readonly owner: string;
  /** Whose watched resources it hears of: the session, or the listen request. */
  readonly subscriber: string;
  /** Undefined at the united endpoint. */
  readonly server: string | undefined;
  readonly lists: ReadonlySet<ListKind>;
  notify(method: string, params: JsonObject): void;
  /** The gateway stops. */
  close(): void;
}

/** A resource to watch, and for whom. */
export interface Watch {
  readonly server: string;
  readonly target: { readonly name: string };
  readonly subscriber?: string;
}

/** Resources of one subscriber. */
export const WATCHED_MAX = 100;
/** Streams of one person at one client. */
export const STREAMS_MAX = 32;

interface Watched {
  readonly subscribers: Set<string>;
  /** Settles with the upstream's answer. */
  readonly begun: Promise<void>;
}

const LIST_CHANGED: Readonly<Record<ListKind, string>> = {
  tools: 'notifications/tools/list_changed',
  prompts: 'notifications/prompts/list_changed',
  resources: 'notifications/resources/list_changed',
  resourceTemplates: 'notifications/resources/list_changed',
};

/**
 * Who hears of what. Many clients watch through the one connection to an upstream, so what is watched there is what at
 * least one of them watches. In memory of this replica: clients listen again when they connect again.
 */
export class Listeners {
  private readonly listeners = new Set<Listener>();
  /** Streams that are open or about to be, by owner. */
  private readonly places = new Map<string, number>();
  /** By `server\nuri`. */
  private readonly watched = new Map<string, Watched>();

  constructor(
    private readonly catalog: Pick<
      Catalog,
      'onChanged' | 'onResourceUpdated' | 'onOpened' | 'server' | 'has'
    >,
  ) {
    catalog.onChanged((kind, server) => this.listChanged(server, kind));
    catalog.onResourceUpdated((server, uri) => this.resourceUpdated(server, uri));
    catalog.onOpened((server) => void this.watchAgain(server));
  }

  /**
   * To be taken before a stream is opened, and given back once by calling what is returned: what comes between taking
   * it and `add` may wait for others.
   * @throws CountersignError busy
   */
  takePlace(owner: string): () => void {
    const taken = this.places.get(owner) ?? 0;
    if (taken >= STREAMS_MAX) throw new CountersignError('busy', `at most ${STREAMS_MAX} streams`);
    this.places.set(owner, taken + 1);
    return () => {
      const left = (this.places.get(owner) ?? 1) - 1;
      if (left === 0) this.places.delete(owner);
      else this.places.set(owner, left);
    };
  }

  add(listener: Listener): void {
    this.listeners.add(listener);
  }

  remove(listener: Listener): void {
    this.listeners.delete(listener);
  }

  /** @throws CountersignError params_invalid, busy, upstream_unavailable */
  async watch({ server, target, subscriber }: Watch): Promise<void> {
    if (subscriber === undefined)
      throw new CountersignError('params_invalid', 'only a session can subscribe');
    const key = keyOf(server, target.name);
    if (this.watchedBy(subscriber).length >= WATCHED_MAX)
      throw new CountersignError('busy', `at most ${WATCHED_MAX} resources`);
    const known = this.watched.get(key);
    const watched = known ?? {
      subscribers: new Set(),
      begun: this.catalog.server(server).upstream.watch(target.name),
    };
    // Before the upstream has answered, so that whoever comes meanwhile waits for the same answer.
    this.watched.set(key, watched);
    watched.subscribers.add(subscriber);
    try {
      await watched.begun;
    } catch (error) {
      if (this.watched.get(key) === watched) this.watched.delete(key);
      throw error;
    }
  }

  async unwatch({ server, target, subscriber }: Watch): Promise<void> {
    if (subscriber !== undefined) await this.drop(keyOf(server, target.name), subscriber);
  }

  /** A subscriber is gone for good. */
  async forget(subscriber: string): Promise<void> {
    await Promise.all(this.watchedBy(subscriber).map((key) => this.drop(key, subscriber)));
  }

  close(): void {
    for (const listener of this.listeners) listener.close();
    this.listeners.clear();
  }

  private listChanged(server: string, kind: ListKind): void {
    for (const listener of this.listeners) {
      const concerns = listener.server === undefined || listener.server === server;
      if (concerns && listener.lists.has(kind)) listener.notify(LIST_CHANGED[kind], {});
    }
  }

  private resourceUpdated(server: string, uri: string): void {
    const watched = this.watched.get(keyOf(server, uri));
    if (watched === undefined) return;
    for (const listener of this.listeners) {
      if (watched.subscribers.has(listener.subscriber))
        listener.notify('notifications/resources/updated', { uri });
    }
  }

  /** A server whose configuration changed has a new connection. */
  private async watchAgain(server: string): Promise<void> {
    for (const key of this.watched.keys()) {
      const [name, uri = ''] = key.split('\n');
      if (name === server)
        await this.catalog
          .server(server)
          .upstream.watch(uri)
          .catch(() => undefined);
    }
  }

  private watchedBy(subscriber: string): readonly string[] {
    return [...this.watched].flatMap(([key, { subscribers }]) => (subscribers.has(subscriber) ? [key] : []));
  }

  private async drop(key: string, subscriber: string): Promise<void> {
    const watched = this.watched.get(key);
    if (watched?.subscribers.delete(subscriber) !== true || watched.subscribers.size > 0) return;
    this.watched.delete(key);
    const [server = '', uri = ''] = key.split('\n');
    if (this.catalog.has(server)) await this.catalog.server(server).upstream.unwatch(uri);
  }
}

const keyOf = (server: string, uri: string): string => `${server}\n${uri}`;
