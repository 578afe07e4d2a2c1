import type { Logger } from 'pino';
import { CATALOG_KINDS, type CatalogKind } from '#core/catalog/catalog.events.js';
import { type Definition, definitionOf } from '#core/catalog/definition.js';
import type { CountersignError } from '#core/errors.js';
import { isCredentialError } from '#mcp/upstream/credential-error.js';
import type { ListedItem, Upstream } from '#mcp/upstream/upstream.types.js';
import { sha256 } from '#sealing/sha256.js';
import type { CatalogEntry } from './catalog.types.js';

export interface Listed {
  readonly entry: CatalogEntry;
  readonly definition: Definition;
}

interface KindList {
  listed: ReadonlyMap<string, Listed> | undefined;
  loading: Promise<void> | undefined;
  stale: boolean;
  hasFirst: boolean;
  /** What somebody has to mend before there can be a list. */
  lacking: CountersignError | undefined;
  /** Ends the pause before the next attempt. */
  retry: (() => void) | undefined;
  /** Resolves when the first list is taken over. */
  readonly first: PromiseWithResolvers<void>;
}

/** Longer names and larger definitions are left out of the list: no pin could hold them. */
const NAME_CHARS_MAX = 1_024;
const DEFINITION_BYTES_MAX = 128 * 1024;
const RETRY_MS = 1_000;
/** A server that says all the time that its lists have changed is not listed more often than this. */
const RELOAD_MS = 250;

/** What one server lists, by kind, kept until the server says that it has changed. */
export class ServerLists {
  private readonly kinds: ReadonlyMap<CatalogKind, KindList>;
  private readonly stopping = new AbortController();

  constructor(
    private readonly server: string,
    private readonly upstream: Upstream,
    private readonly logger: Logger,
    /** Called with each new list; the list counts as taken over once it fulfils, and is asked for again when it rejects. */
    private readonly onListed: (kind: CatalogKind) => Promise<void>,
  ) {
    this.kinds = new Map(
      CATALOG_KINDS.map((kind) => [
        kind,
        {
          listed: undefined,
          loading: undefined,
          stale: true,
          hasFirst: false,
          lacking: undefined,
          retry: undefined,
          first: Promise.withResolvers<void>(),
        },
      ]),
    );
    upstream.onListChanged((kind) => void this.refresh(kind));
    for (const kind of CATALOG_KINDS) void this.refresh(kind);
  }

  /** Undefined until the first list has come. */
  get(kind: CatalogKind): ReadonlyMap<string, Listed> | undefined {
    return this.kinds.get(kind)?.listed;
  }

  /**
   * Whether a first list is taken over within so many milliseconds.
   * @throws CountersignError upstream_consent_needed, upstream_auth_failed
   */
  async hasFirst(kind: CatalogKind, wait_ms: number): Promise<boolean> {
    const list = this.kinds.get(kind);
    if (list === undefined || list.hasFirst) return list !== undefined;
    if (list.lacking !== undefined) throw list.lacking;
    const first = list.first.promise.then(() => true);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), wait_ms);
    });
    const hasFirst = await Promise.race([first, late]).finally(() => clearTimeout(timer));
    if (!hasFirst && list.lacking !== undefined) throw list.lacking;
    return hasFirst;
  }

  stop(): void {
    this.stopping.abort();
  }

  private refresh(kind: CatalogKind): Promise<void> {
    const list = this.kinds.get(kind);
    if (list === undefined || this.stopping.signal.aborted) return Promise.resolve();
    list.stale = true;
    if (list.lacking !== undefined) list.retry?.();
    list.lacking = undefined;
    list.loading ??= this.load(kind, list).finally(() => {
      list.loading = undefined;
    });
    return list.loading;
  }

  private async load(kind: CatalogKind, list: KindList): Promise<void> {
    const { signal } = this.stopping;
    while (list.stale && !signal.aborted) {
      list.stale = false;
      try {
        const items = await this.upstream.list(kind, signal);
        if (signal.aborted) return;
        list.listed = this.read(kind, items);
        await this.onListed(kind);
        list.hasFirst = true;
        list.lacking = undefined;
        list.first.resolve();
        this.logger.info({ server: this.server, kind, entries: list.listed.size }, 'listed');
        if (list.stale) await pause(RELOAD_MS);
      } catch (error) {
        if (signal.aborted) return;
        const { code } = error as CountersignError;
        this.logger.warn({ server: this.server, kind, code }, 'cannot take over the list');
        // Something has changed since this was asked for: what was missing may be there.
        if (list.stale && isCredentialError(error)) continue;
        list.stale = true;
        if (isCredentialError(error)) list.lacking = error;
        await Promise.race([
          pause(RETRY_MS),
          new Promise<void>((resolve) => {
            list.retry = resolve;
          }),
        ]);
        list.retry = undefined;
      }
    }
  }

  private read(kind: CatalogKind, items: readonly ListedItem[]): ReadonlyMap<string, Listed> {
    const { server } = this;
    const listed = items.flatMap(({ name, json, bytes }): readonly (readonly [string, Listed])[] => {
      const definition = name.length > NAME_CHARS_MAX ? undefined : tryDefinition(kind, name, json);
      if (definition === undefined || Buffer.byteLength(definition.text) > DEFINITION_BYTES_MAX) return [];
      const { digest } = definition;
      return [[name, { definition, entry: { server, kind, name, json, bytes, digest } }]];
    });
    if (listed.length < items.length)
      this.logger.warn(
        { server, kind, left_out: items.length - listed.length },
        'entries that cannot be pinned: name or definition too long, or not exact JSON',
      );
    return new Map(listed);
  }
}

const tryDefinition = (kind: CatalogKind, name: string, json: ListedItem['json']): Definition | undefined => {
  try {
    return definitionOf(sha256, { kind, name }, json);
  } catch {
    return undefined;
  }
};

const pause = (wait_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, wait_ms).unref());
