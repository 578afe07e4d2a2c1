/** The log of the fake server: what a single KurrentDB node would hold, in memory, with its rules for appends. */

export interface ProposedEvent {
  readonly id: string;
  /** `type` and `content-type`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly custom_metadata: Uint8Array;
  readonly data: Uint8Array;
}

export interface RecordedEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: bigint;
  /** Commit and prepare position are one, as for every append without an explicit transaction. */
  readonly position: bigint;
}

export type ExpectedRevision = bigint | 'no_stream' | 'any' | 'stream_exists';

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly revision: bigint; readonly position: bigint }
  /** A real server does not always know the position of an idempotent append; this one never does. */
  | { readonly kind: 'idempotent'; readonly revision: bigint }
  | { readonly kind: 'wrong_revision'; readonly current: bigint | undefined }
  | { readonly kind: 'tombstoned' };

export interface EventLog {
  readonly all: readonly RecordedEvent[];
  stream(name: string): readonly RecordedEvent[];
  isTombstoned(stream: string): boolean;
  append(stream: string, expected: ExpectedRevision, events: readonly ProposedEvent[]): AppendOutcome;
  tombstone(stream: string): void;
  /** An event that the server itself writes. */
  system(stream: string, type: string, data?: object): void;
  /** Called after every append; returns the way to stop it. */
  onAppend(listener: () => void): () => void;
}

/** A record's header, so that positions have gaps as in a real log file. */
const RECORD_HEADER_BYTES = 97n;
/** A real server writes events of its own between those of its users. */
const APPENDS_PER_SYSTEM_EVENT = 7;

export const createEventLog = (): EventLog => {
  const all: RecordedEvent[] = [];
  const streams = new Map<string, RecordedEvent[]>();
  const tombstones = new Set<string>();
  const listeners = new Set<() => void>();
  let end = 0n;
  let appends = 0;

  const record = (stream: string, event: ProposedEvent): RecordedEvent => {
    const own = streams.get(stream) ?? [];
    streams.set(stream, own);
    const recorded = { ...event, stream, revision: BigInt(own.length), position: end };
    end += RECORD_HEADER_BYTES + BigInt(event.data.byteLength + event.custom_metadata.byteLength);
    own.push(recorded);
    all.push(recorded);
    return recorded;
  };
  const recordSystemEvent = (): RecordedEvent => record('$stats-127.0.0.1:2113', systemEvent());
  recordSystemEvent();
  const tell = (_recorded: readonly RecordedEvent[]): void => {
    for (const listener of [...listeners]) listener();
  };

  return {
    all,
    stream: (name) => streams.get(name) ?? [],
    isTombstoned: (stream) => tombstones.has(stream),
    append: (stream, expected, events) => {
      if (tombstones.has(stream)) return { kind: 'tombstoned' };
      const own = streams.get(stream) ?? [];
      const current = BigInt(own.length) - 1n;
      const wanted = startOf(own, expected, events);
      if (wanted === 'idempotent') return { kind: 'idempotent', revision: lastOf(own, events).revision };
      if (wanted !== current) return { kind: 'wrong_revision', current: current < 0n ? undefined : current };
      if (++appends % APPENDS_PER_SYSTEM_EVENT === 0) recordSystemEvent();
      const recorded = events.map((event) => record(stream, event));
      tell(recorded);
      const last = recorded.at(-1);
      return { kind: 'appended', revision: last?.revision ?? current, position: last?.position ?? end };
    },
    tombstone: (stream) => {
      tombstones.add(stream);
      tell([record(stream, systemEvent('$streamDeleted'))]);
    },
    system: (stream, type, data) => {
      tell([record(stream, systemEvent(type, data))]);
    },
    onAppend: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

/** The revision the append wants to follow, or that it happened before: the same ids in the same place. */
const startOf = (
  own: readonly RecordedEvent[],
  expected: ExpectedRevision,
  events: readonly ProposedEvent[],
): bigint | 'idempotent' => {
  const current = BigInt(own.length) - 1n;
  const isAt = (first: bigint): boolean =>
    first >= 0n && events.length > 0 && events.every(({ id }, n) => own[Number(first) + n]?.id === id);
  if (expected === 'any' || expected === 'stream_exists') {
    const found = own.find(({ id }) => id === events[0]?.id);
    if (found && isAt(found.revision)) return 'idempotent';
    return expected === 'stream_exists' && current < 0n ? -2n : current;
  }
  const wanted = expected === 'no_stream' ? -1n : expected;
  return wanted < current && isAt(wanted + 1n) ? 'idempotent' : wanted;
};

const lastOf = (own: readonly RecordedEvent[], events: readonly ProposedEvent[]): RecordedEvent => {
  const last = own.find(({ id }) => id === events.at(-1)?.id);
  if (!last) throw new Error('an idempotent append whose events are not there');
  return last;
};

let system_events = 0;

const systemEvent = (type = '$statsCollected', data: object = {}): ProposedEvent => ({
  id: `00000000-0000-4000-8000-${(++system_events).toString(16).padStart(12, '0')}`,
  metadata: { type, 'content-type': 'application/json' },
  custom_metadata: new Uint8Array(),
  data: Buffer.from(JSON.stringify(data)),
});
