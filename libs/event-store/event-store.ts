/**
 * The event store port. Contract (test/contract/event-store.contract.ts runs it on every adapter):
 *  - an append is durable (fsync or the server's own flush) once its promise fulfils, all of it or nothing;
 *  - appends to one stream are serialised by `expected`; the loser gets WrongRevision and nothing of its batch is kept;
 *  - the same event ids appended again at the same expected revision answer like the first time (idempotent); only
 *    the ids are compared, the bytes stored first stay;
 *  - `UnknownOutcome` means the batch may or may not be durable: reload the stream, never assume;
 *  - sizes, names and counts beyond append-limits.ts are refused with RangeError before anything is written;
 *  - positions grow with every event; a reader that keeps the last position it saw misses nothing and sees nothing twice.
 */
export interface EventToAppend {
  /** UUID; the key of idempotency. */
  readonly id: string;
  /** Past-tense name; stored beside the entry so that readers can filter without parsing. */
  readonly type: string;
  /**
   * RFC 8785 bytes of the entry, stored and returned as they are. At most ENTRY_BYTES_MAX.
   * Like `attachment`, not to be changed by the caller until the append has settled.
   */
  readonly entry: Uint8Array;
  /** Bytes that travel in the same atomic append and that `entry` commits to (sealed payload, policy text). */
  readonly attachment?: Uint8Array;
}

export interface StoredEvent extends EventToAppend {
  readonly stream: string;
  /** 0 for the first event of a stream. */
  readonly revision: number;
  readonly position: bigint;
}

export interface AppendResult {
  /** Revision of the last event appended. */
  readonly revision: number;
  readonly position: bigint;
}

export interface ReadAllOptions {
  /** Exclusive; undefined = from the beginning. Only positions that came from this store. */
  readonly after?: bigint;
  /** At most so many events, 1 to 10,000. A page may be shorter before the end of the log when its events are large. */
  readonly limit: number;
  /** Only these event types. Positions of what was skipped still count: see `scannedTo`. */
  readonly types?: readonly string[];
  /** False: leave the attachments where they are; readers that need only entries are spared most of the bytes. */
  readonly attachments?: boolean;
}

export interface AllPage {
  readonly events: readonly StoredEvent[];
  /**
   * Position up to which the log was looked at: pass it as the next `after`, also when `events` is empty.
   * The end of the log is reached when it is the same as the `after` that was asked for.
   */
  readonly scannedTo: bigint | undefined;
}

export interface SubscribeOptions {
  readonly after?: bigint;
  readonly types?: readonly string[];
  readonly signal: AbortSignal;
  /** Called once each time the reader reaches the end of the log. */
  readonly onCaughtUp?: () => void;
}

/**
 * What somebody other than the ledger did to the store, as the store itself shows it. Whoever owns a store can do this
 * without a trace as well; that is what the Merkle log is for.
 */
export interface Interference {
  readonly kind:
    | 'metadata_written'
    | 'retention_set'
    | 'stream_deleted'
    | 'settings_changed'
    | 'scavenged'
    | 'truncated'
    | 'damaged';
  /** One sentence for a person. */
  readonly detail: string;
  /** Where: with the kind it tells one finding from another. */
  readonly about: { readonly [name: string]: string | number };
}

export interface EventStore {
  /**
   * `expected`: revision of the stream's last event, or -1 when the stream must not exist.
   * Rejects with WrongRevision, StoreUnavailable, StoreFull, UnknownOutcome or RangeError.
   */
  append(stream: string, expected: number, events: readonly EventToAppend[]): Promise<AppendResult>;
  /** Oldest first unless `backwards`. An unknown stream is empty. */
  readStream(
    stream: string,
    options?: { backwards?: boolean; limit?: number },
  ): Promise<readonly StoredEvent[]>;
  readAll(options: ReadAllOptions): Promise<AllPage>;
  /**
   * Everything after `after`, then everything new as it comes, until `signal` aborts. Reconnects by itself; throws
   * StoreUnavailable when the store is closed or does not let us read.
   */
  subscribe(options: SubscribeOptions): AsyncIterable<StoredEvent>;
  /**
   * Tells each interference that can be seen, also those from before; the same one may be told again. Goes on until
   * `signal` aborts, through times without a connection. @throws StoreUnavailable when the store does not let us look
   */
  watchInterferences(signal: AbortSignal, tell: (interference: Interference) => void): Promise<void>;
  /** Answers when the store can take an append now; throws StoreUnavailable otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export const ENTRY_BYTES_MAX = 60 * 1024;
export const ATTACHMENT_BYTES_MAX = 8 * 1024 * 1024;

/** `actual` is the revision found, -1 when the stream does not exist. */
export class WrongRevision extends Error {
  override readonly name = 'WrongRevision';
  constructor(
    readonly stream: string,
    readonly expected: number,
    readonly actual: number,
  ) {
    super(`stream ${stream}: expected revision ${expected}, found ${actual}`);
  }
}

/** Known not to be durable: nothing of the append was kept. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Known not to be durable because the disk has no room. Clears by itself when there is room again. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}

/** Nobody knows whether the append is durable. */
export class UnknownOutcome extends Error {
  override readonly name = 'UnknownOutcome';
}
