import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '#bus/bus.js';
import { INDEX_BATCH_BYTES_MAX, maskingIndex, maskingIndexQuery } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import type { Entry } from '#core/evidence/entry.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';
import type { Logger } from '#telemetry/logger.js';
import { readModelCaughtUp } from '#telemetry/metrics.js';
import { quietSince } from '../thread/quiet.js';
import type { CallPage, CallSearch } from './call-filter.js';
import { FOLLOW_EVERY_MS, inTime, type Projection } from './projection.js';
import type { IndexedPayload } from './projection.messages.js';
import type { Place } from './projection.schema.js';

/** Payloads whose values can be searched for. */
const INDEXED: { readonly [type: string]: Place } = {
  CallRequested: 'arguments',
  CallReturned: 'result',
  InputAnswered: 'answer',
  MessageReleased: 'message',
};
const PAGE = 64;
/** While no question waits, so many times longer is rested than worked ... */
const REST = 4;
/** ... and nothing is done before calls have left room for so long. */
const QUIET_FOR_MS = 200;
const TELL_EVERY_MS = 2_000;

/** The tokens that a value is found under, and the name of the key that made them. */
export interface ValueQuery {
  readonly key: string;
  readonly tokens: readonly Uint8Array[];
}

/**
 * Blind index: which values stand in which calls, as keyed tokens that masking makes of sealed payloads. Follows behind
 * the read model at a pace that leaves calls alone; a search for a value first catches up.
 */
export class ValueIndex {
  private position: string | null = null;
  private key: string | null = null;
  /** Epoch of the read model that `position` and `key` belong to; undefined before they are known. */
  private epoch: number | undefined;
  private questions = 0;
  private resting = new AbortController();
  private catching: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly projection: Projection,
    private readonly store: EventStore,
    private readonly bus: Bus,
    private readonly logger?: Logger,
  ) {
    this.follow();
  }

  /** @throws CountersignError masking_unavailable */
  query(value: string, field: string | undefined): Promise<ValueQuery> {
    return this.bus.request(maskingIndexQuery, { value, ...(field === undefined ? {} : { field }) });
  }

  /**
   * Comes back when every call recorded by now is indexed under the key.
   * @throws CountersignError read_model_behind, masking_unavailable, ledger_unavailable
   */
  async caughtUp(key: string): Promise<void> {
    this.questions++;
    this.resting.abort();
    try {
      await inTime(this.catchUp(key), async () => `values indexed up to position ${this.position ?? 'none'}`);
    } finally {
      this.questions--;
    }
  }

  /** A page of calls that a value stands in; `search.tokens` are of this key. @throws as caughtUp */
  async list(search: CallSearch, key: string): Promise<CallPage> {
    for (;;) {
      const { epoch } = this.projection;
      await this.caughtUp(key);
      const page = await this.projection.list(search);
      // Dropped meanwhile, the page may lack calls that were not indexed again yet.
      if (epoch === this.projection.epoch) return page;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.resting.abort();
    clearTimeout(this.timer);
    await this.catching?.catch(() => undefined);
  }

  private async catchUp(key?: string): Promise<void> {
    // A run under way may have begun before the newest call: it is not the answer to this question.
    await this.catching?.catch(() => undefined);
    this.catching ??= this.run(key).finally(() => {
      this.catching = undefined;
    });
    return this.catching;
  }

  private follow(): void {
    this.timer = setTimeout(() => {
      // Masking or the store may be away for a while; the next round tries again.
      void this.catchUp()
        .catch((error: unknown) => this.logger?.debug({ err: error }, 'values not indexed yet'))
        .finally(() => {
          if (!this.closed) this.follow();
        });
    }, FOLLOW_EVERY_MS);
  }

  private async run(key: string | undefined): Promise<void> {
    for (let done = false; !done && !this.closed; ) {
      const { epoch } = this.projection;
      await this.projection.catchUp();
      const end = this.projection.position;
      done = end === null || (await this.indexTo(BigInt(end), epoch, key));
    }
    readModelCaughtUp.labels('values').setToCurrentTime();
  }

  /** False when the read model was dropped meanwhile: its end is not the end any more. */
  private async indexTo(end: bigint, epoch: number, key: string | undefined): Promise<boolean> {
    let tellAt = performance.now() + TELL_EVERY_MS;
    while (!this.closed) {
      await this.quiet();
      const begun = performance.now();
      await this.begin(key);
      if (epoch !== this.projection.epoch) return false;
      if (!(await this.step(end, key))) return true;
      if (performance.now() > tellAt) {
        tellAt = performance.now() + TELL_EVERY_MS;
        this.logger?.info({ position: this.position, end: String(end) }, 'indexing values of recorded calls');
      }
      await this.rest((performance.now() - begun) * REST);
    }
    return true;
  }

  /** Comes back when calls leave room, or a question waits: the two may share a thread (standalone). */
  private async quiet(): Promise<void> {
    while (this.questions === 0 && !this.closed) {
      const isQuiet = quietSince();
      await this.rest(QUIET_FOR_MS);
      if (isQuiet()) return;
    }
  }

  /** Ends early when a question comes. */
  private async rest(ms: number): Promise<void> {
    if (this.questions > 0 || this.closed) return;
    this.resting = new AbortController();
    await pause(ms, undefined, { signal: this.resting.signal }).catch(() => undefined);
  }

  /** Where to go on: after a start, a rebuild of the read model, and a change of key. */
  private async begin(key: string | undefined): Promise<void> {
    if (this.epoch !== this.projection.epoch) {
      const { epoch } = this.projection;
      const { index } = await this.projection.progress();
      this.position = index.position;
      this.key = index.key;
      this.epoch = epoch;
    }
    if (key !== undefined && this.key !== null && this.key !== key) await this.dropAll();
  }

  private async dropAll(): Promise<void> {
    await this.projection.dropIndex();
    this.position = null;
    this.key = null;
  }

  /** One page, not beyond what the read model knows. False when it is all done. */
  private async step(end: bigint, key: string | undefined): Promise<boolean> {
    const after = this.position;
    if (after !== null && BigInt(after) >= end) return false;
    const page = await this.store.readAll({
      limit: PAGE,
      types: Object.keys(INDEXED),
      ...(after === null ? {} : { after: BigInt(after) }),
    });
    const known = page.events.filter(({ position }) => position <= end);
    const { events, complete } = withinBytes(known);
    const scanned = page.scannedTo ?? end;
    const upTo = complete ? (scanned < end ? scanned : end) : (events.at(-1)?.position ?? end);
    return this.indexPage(events, upTo.toString(), key);
  }

  private async indexPage(
    events: readonly StoredEvent[],
    upTo: string,
    key: string | undefined,
  ): Promise<boolean> {
    const sealed = events.flatMap(sealedIn);
    const answer = await this.bus.request(maskingIndex, {
      payloads: sealed.map(({ attachment, commit }) => ({ sealed: attachment, commit })),
    });
    if (key !== undefined && answer.key !== key)
      throw new CountersignError('read_model_behind', 'the key of the index has changed meanwhile');
    if (this.epoch !== this.projection.epoch) return true;
    if (this.key !== null && answer.key !== this.key) {
      await this.dropAll();
      return true;
    }
    const payloads = sealed.map(({ call, place }, at): IndexedPayload => {
      const indexed = answer.payloads[at] ?? null;
      return { call, place, tokens: indexed?.tokens ?? null, truncated: indexed?.truncated ?? false };
    });
    await this.projection.index(answer.key, payloads, upTo);
    this.key = answer.key;
    this.position = upTo;
    return true;
  }
}

interface SealedPayload {
  readonly call: string;
  readonly place: Place;
  readonly attachment: Uint8Array;
  readonly commit: `sha256:${string}`;
}

/** The payload is opened by its commitment alone, so that an entry of a version nobody knows can be indexed as well. */
const sealedIn = ({ type, entry: bytes, attachment }: StoredEvent): readonly SealedPayload[] => {
  const place = INDEXED[type];
  const entry = entryOrNothing(bytes);
  if (place === undefined || attachment === undefined || entry?.payload === undefined) return [];
  return [{ call: entry.correlation, place, attachment, commit: entry.payload.commit }];
};

const entryOrNothing = (bytes: Uint8Array): Entry | undefined => {
  try {
    return readEntry(bytes);
  } catch {
    return undefined;
  }
};

/** At least one event, and no more than one message of the bus should carry. */
const withinBytes = (
  events: readonly StoredEvent[],
): { readonly events: readonly StoredEvent[]; readonly complete: boolean } => {
  let bytes = 0;
  const over = events.findIndex(({ attachment }, at) => {
    bytes += attachment?.length ?? 0;
    return at > 0 && bytes > INDEX_BATCH_BYTES_MAX;
  });
  return over === -1 ? { events, complete: true } : { events: events.slice(0, over), complete: false };
};
