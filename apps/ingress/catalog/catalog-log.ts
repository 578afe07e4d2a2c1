import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import { LogFollower } from '#bus/log-follower.js';
import { ledgerAppend, type WireEvent } from '#contracts/ledger.js';
import {
  CATALOG_EVENT_TYPES,
  type CatalogEvent,
  catalogStream,
  serverOfStream,
} from '#core/catalog/catalog.events.js';
import { type CatalogState, EMPTY_CATALOG, evolveCatalog } from '#core/catalog/catalog.state.js';
import type { CatalogChange } from '#core/catalog/decide-catalog.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend, type EventToRecord } from '#core/evidence/build-append.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Actor, DomainEvent } from '#core/evidence/entry.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';

/** A page of definitions that fits into one message of the bus, whatever their size (DEFINITION_BYTES_MAX). */
const PAGE = 32;
/** An approval at one replica is seen by the others within this time and the time of one read. */
const FOLLOW_MS = 1_000;
const CONFLICT_RETRIES = 5;
const APPEND_EVENTS_MAX = 500;
const APPEND_BYTES_MAX = 2 * 1024 * 1024;

type Stored = Pick<WireEvent, 'entry' | 'attachment'>;

interface Folded {
  readonly state: CatalogState;
  /** Of the last event folded. */
  readonly revision: number;
}

/**
 * The catalogs of all servers, folded from their streams and followed: the rebuild at start and the daily work are the
 * same path. Truth is the log; what is here can be dropped at any time.
 */
export class CatalogLog {
  private readonly folded = new Map<string, Folded>();
  private readonly listeners: ((server: string) => void)[] = [];
  private readonly log: LogFollower;
  /** Resolves once everything that was recorded before the start is here. */
  readonly caughtUp: Promise<void>;

  constructor(
    private readonly bus: Bus,
    logger: Logger,
  ) {
    this.log = new LogFollower(bus, logger, {
      types: CATALOG_EVENT_TYPES,
      page: PAGE,
      wait_ms: 0,
      pause_ms: FOLLOW_MS,
      onEvents: (events) => this.take(events),
    });
    this.caughtUp = this.log.caughtUp;
  }

  start(): void {
    this.log.start();
  }

  stop(): Promise<void> {
    return this.log.stop();
  }

  state(server: string): CatalogState {
    return this.folded.get(server)?.state ?? EMPTY_CATALOG;
  }

  onChanged(listener: (server: string) => void): void {
    this.listeners.push(listener);
  }

  /**
   * Decides on what is folded and appends; when another replica was first, once more on what that one has recorded.
   * @throws what `decide` throws; CountersignError ledger_*, revision_conflict when it was never first
   */
  async record(
    server: string,
    actor: Actor,
    decide: (state: CatalogState) => readonly CatalogChange[],
  ): Promise<void> {
    await this.caughtUp;
    for (let attempt = 0; ; attempt++) {
      const changes = decide(this.state(server));
      if (changes.length === 0) return;
      try {
        await this.append(server, actor, changes);
        return;
      } catch (error) {
        const lostRace = error instanceof CountersignError && error.code === 'revision_conflict';
        if (!lostRace || attempt >= CONFLICT_RETRIES) throw error;
        await this.log.catchUp();
      }
    }
  }

  /**
   * Durable, and folded here, once this returns. Several appends when it is much: each stands for itself.
   * @throws CountersignError revision_conflict: somebody else was first; ledger_*
   */
  private async append(server: string, actor: Actor, changes: readonly CatalogChange[]): Promise<void> {
    for (const part of inParts(changes)) {
      const correlation = randomUUID();
      const command = buildAppend(
        {
          stream: catalogStream(server),
          expected: this.folded.get(server)?.revision ?? -1,
          time: new Date().toISOString(),
          actor,
          correlation,
          causation: correlation,
          newId: randomUUID,
        },
        part.map(toRecord),
      );
      await this.bus.request(ledgerAppend, command);
      this.fold(server, command.events);
      this.tell(server);
    }
  }

  private take(events: readonly WireEvent[]): void {
    for (const [stream, ofStream] of Map.groupBy(events, (event) => event.stream)) {
      const server = serverOfStream(stream);
      if (server === undefined) continue;
      this.fold(server, ofStream);
      this.tell(server);
    }
  }

  /** Events seen before change nothing. */
  private fold(server: string, stored: readonly Stored[]): void {
    const { state, revision } = this.folded.get(server) ?? { state: EMPTY_CATALOG, revision: -1 };
    const fresh = stored
      .map(({ entry, attachment }) => ({ entry: readEntry(entry), attachment }))
      .filter(({ entry }) => entry.revision > revision);
    const last = fresh.at(-1);
    if (last === undefined) return;
    const events = fresh.map(({ entry, attachment }) => ({
      event: knownEvent<CatalogEvent>(entry),
      definition: attachment === undefined ? {} : parsed(attachment),
    }));
    this.folded.set(server, { state: evolveCatalog(state, events), revision: last.entry.revision });
  }

  private tell(server: string): void {
    for (const listener of this.listeners) listener(server);
  }
}

const parsed = (attachment: Uint8Array): JsonObject =>
  JSON.parse(Buffer.from(attachment).toString('utf8')) as JsonObject;

const toRecord = ({ event, text }: CatalogChange): EventToRecord => ({
  event: event as unknown as DomainEvent,
  ...(text === undefined ? {} : { attachment: Buffer.from(text) }),
});

const inParts = (changes: readonly CatalogChange[]): readonly (readonly CatalogChange[])[] => {
  const parts: CatalogChange[][] = [];
  let bytes = Infinity;
  for (const change of changes) {
    const size = Buffer.byteLength(change.text ?? '');
    const last = parts.at(-1);
    const isFull = last === undefined || last.length >= APPEND_EVENTS_MAX || bytes + size > APPEND_BYTES_MAX;
    // The vote that is enough, and the pin: one without the other would leave an entry that nobody else can approve.
    const belongsToLast = last?.at(-1)?.event.type === 'CatalogEntryVoted';
    if (isFull && !belongsToLast) {
      parts.push([change]);
      bytes = size;
    } else {
      last?.push(change);
      bytes += size;
    }
  }
  return parts;
};
