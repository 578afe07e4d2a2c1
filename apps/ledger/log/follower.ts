import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import {
  CHECKPOINTS_STREAM,
  type CheckpointCosigned,
  type CheckpointRecorded,
  COSIGNATURES_STREAM,
  LOG_EVENT_TYPES,
  TIMESTAMPS_STREAM,
} from '#core/log/log.events.js';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';
import { type Hash, sameHash } from '#tlog/merkle.js';
import { LogFinding } from './log-finding.js';
import type { LogTree } from './log-tree.js';

/** Hashing a page holds up calls under way, a page of these for about a millisecond. */
const PAGE_EVENTS = 200;
/** While the tree is far behind, full tiles go to the disk after so many entries. */
const FLUSH_EVERY_ENTRIES = 16_384;

export interface Recorded {
  readonly size: number;
  readonly root: Hash;
}

export interface FollowerOptions {
  readonly store: EventStore;
  readonly tree: LogTree;
  readonly origin: string;
  /** A cosignature of a checkpoint that is one of this tree. */
  readonly onCosigned?: (event: CheckpointCosigned['data']) => Promise<void>;
  /** After each page. */
  readonly onPage?: (size: number) => void;
}

/** Grows the tree by the entries of the store, in store order, and compares every checkpoint among them with it. */
export class Follower {
  private readonly revisions = new Map<string, number>();
  private scanned_to: bigint | undefined;
  private last: Recorded | undefined;
  private last_seen_at = performance.now();
  private last_other = -1;
  /** The log's own events that are in the tree and not compared with it yet. */
  private readonly unchecked: { readonly event: StoredEvent; readonly index: number }[] = [];

  constructor(private readonly options: FollowerOptions) {}

  /** The last checkpoint that is on record. */
  get recorded(): Recorded | undefined {
    return this.last;
  }

  /** Monotonic milliseconds at which `recorded` was seen first. */
  get recordedAt(): number {
    return this.last_seen_at;
  }

  /** Something happened that no checkpoint covers; checkpoints and what belongs to them do not count. */
  get isBusy(): boolean {
    return this.last_other >= (this.last?.size ?? 0);
  }

  /** Revision of the last event of one of the log's own streams, -1 for none. */
  revisionOf(stream: string): number {
    return this.revisions.get(stream) ?? -1;
  }

  /** Goes on behind a checkpoint that the tree was resumed from. */
  async resume(recorded: Recorded | undefined): Promise<void> {
    this.last = recorded;
    this.scanned_to = this.options.tree.lastPosition;
    this.last_other = this.options.tree.size - 1;
    for (const stream of [CHECKPOINTS_STREAM, COSIGNATURES_STREAM, TIMESTAMPS_STREAM]) {
      const [event] = await this.options.store.readStream(stream, { backwards: true, limit: 1 });
      if (event !== undefined) this.revisions.set(stream, event.revision);
    }
  }

  /** What this process has just stored itself. It is compared again when it comes along in store order. */
  stored(recorded: Recorded, revision: number): void {
    this.saw(recorded);
    this.revisions.set(CHECKPOINTS_STREAM, revision);
  }

  /** Reads up to the end of the store. @throws LogFinding, StoreUnavailable */
  async toHead(isStopped: () => boolean = () => false): Promise<void> {
    const { store, tree, onPage } = this.options;
    let unflushed = 0;
    await this.check();
    while (!isStopped()) {
      const page = await store.readAll({
        limit: PAGE_EVENTS,
        attachments: false,
        ...(this.scanned_to === undefined ? {} : { after: this.scanned_to }),
      });
      if (page.scannedTo === undefined || page.scannedTo === this.scanned_to) return;
      // In one step: an error between the two would have the page taken once more.
      this.take(page.events);
      this.scanned_to = page.scannedTo;
      await this.check();
      unflushed += page.events.length;
      if (unflushed >= FLUSH_EVERY_ENTRIES) {
        await tree.flush({ full_only: true });
        unflushed = 0;
      }
      onPage?.(tree.size);
      // Between pages calls under way have their turn.
      await nextTurn();
    }
  }

  private take(events: readonly StoredEvent[]): void {
    const { tree } = this.options;
    const first = tree.size;
    tree.add(events);
    for (const [nth, event] of events.entries()) {
      if (!isOwn(event)) {
        this.last_other = first + nth;
        continue;
      }
      this.revisions.set(event.stream, Math.max(event.revision, this.revisionOf(event.stream)));
      this.unchecked.push({ event, index: first + nth });
    }
  }

  /** What fails now, because of the disk, is checked first the next time: nothing is signed before. */
  private async check(): Promise<void> {
    for (let next = this.unchecked[0]; next !== undefined; next = this.unchecked[0]) {
      await this.takeOwn(readEntry(next.event.entry), next.index);
      this.unchecked.shift();
    }
  }

  private async takeOwn(entry: Entry, index: number): Promise<void> {
    if (entry.type === 'CheckpointRecorded')
      await this.compare(asEvent<CheckpointRecorded>(entry).data, index);
    if (entry.type === 'CheckpointCosigned')
      await this.takeCosigned(asEvent<CheckpointCosigned>(entry).data, index);
  }

  private async takeCosigned(event: CheckpointCosigned['data'], index: number): Promise<void> {
    const { tree, onCosigned } = this.options;
    const root = Buffer.from(event.root, 'base64');
    if (onCosigned === undefined || !(event.size <= index)) return;
    if (sameHash(await tree.rootAt(event.size), root)) await onCosigned(event);
  }

  /** Every checkpoint ever recorded must be one of this very tree. */
  private async compare({ origin, size, root }: CheckpointRecorded['data'], index: number): Promise<void> {
    const good = this.last?.size ?? 0;
    if (origin !== this.options.origin)
      throw new LogFinding('log_origin_differs', index, `entry ${index} is a checkpoint of ${origin}`);
    if (!Number.isSafeInteger(size) || size < 0 || size > index)
      throw new LogFinding(
        'log_checkpoint_differs',
        Math.min(good, index),
        `checkpoint of ${size} at index ${index}`,
      );
    const bytes = Buffer.from(root, 'base64');
    if (!sameHash(await this.options.tree.rootAt(size), bytes)) {
      const from = Math.min(good, size);
      throw new LogFinding(
        'log_checkpoint_differs',
        from,
        `the first ${size} entries do not have the recorded root; the first bad one is ${from} or later`,
      );
    }
    if (size > good || this.last === undefined) this.saw({ size, root: bytes });
  }

  private saw(recorded: Recorded): void {
    this.last = recorded;
    this.last_seen_at = performance.now();
  }
}

const OWN: ReadonlySet<string> = new Set(LOG_EVENT_TYPES);

/** Of the log itself by type and place: an event of the same name elsewhere is not ours to believe. */
const isOwn = ({ type, stream }: StoredEvent): boolean => stream.startsWith('log-') && OWN.has(type);
