import type { CountedVote } from '../approval/decide-approval.js';
import type { JsonObject } from '../evidence/canonical-json.js';
import type { Digest } from '../hash.js';
import type { CatalogEvent, EntryName, HeldBecause } from './catalog.events.js';

export interface Pin {
  readonly digest: Digest;
  readonly definition: JsonObject;
  readonly by: 'operator' | 'configuration';
}

export interface HeldDefinition {
  readonly because: HeldBecause;
  readonly definition: JsonObject;
}

/** What the log says of one entry. */
export interface EntryRecord extends EntryName {
  /** Approved last; null when nothing ever was. */
  readonly pin: Pin | null;
  /** False once a pinned entry was changed or taken away: it is held until the next approval, whatever is listed. */
  readonly intact: boolean;
  /** Definitions seen and held since the last approval. */
  readonly held: ReadonlyMap<Digest, HeldDefinition>;
  /** For one definition, since the last approval and the last change: not enough of them yet. */
  readonly votes: readonly CountedVote[];
}

/** The catalog of one server, folded from its stream. */
export interface CatalogState {
  readonly entries: ReadonlyMap<string, EntryRecord>;
  /** Something was recorded that this release cannot read, so nothing may be taken for the first list. */
  readonly hasUnread?: true;
}

export const EMPTY_CATALOG: CatalogState = { entries: new Map() };

export const entryKey = ({ kind, name }: EntryName): string => `${kind}\n${name}`;

export interface RecordedEvent {
  /** Undefined: of a version that this release does not know. Then nothing of the server stays approved as it is. */
  readonly event: CatalogEvent | undefined;
  /** The attachment, parsed; empty for a removal. */
  readonly definition: JsonObject;
}

/** Takes all events at once: each step copies the catalog. */
export const evolveCatalog = (state: CatalogState, events: readonly RecordedEvent[]): CatalogState => {
  const entries = new Map(state.entries);
  let { hasUnread } = state;
  for (const { event, definition } of events) {
    if (event === undefined) {
      hasUnread = true;
      for (const [key, entry] of entries) entries.set(key, { ...entry, intact: false, votes: [] });
      continue;
    }
    const { kind, name } = event.data;
    const key = entryKey(event.data);
    const known = entries.get(key) ?? { kind, name, pin: null, intact: false, held: new Map(), votes: [] };
    entries.set(key, evolveEntry(known, event, definition));
  }
  return { entries, ...(hasUnread && { hasUnread }) };
};

const evolveEntry = (entry: EntryRecord, event: CatalogEvent, definition: JsonObject): EntryRecord => {
  switch (event.type) {
    case 'CatalogEntryPinned': {
      const { digest, by } = event.data;
      return { ...entry, pin: { digest, definition, by }, intact: true, held: new Map(), votes: [] };
    }
    case 'CatalogEntryHeld': {
      const { digest, because } = event.data;
      const held = new Map(entry.held).set(digest, { because, definition });
      return { ...entry, intact: false, held, votes: votesFor(entry, digest) };
    }
    case 'CatalogEntryVoted': {
      const { digest, vote } = event.data;
      return { ...entry, votes: [...votesFor(entry, digest), vote] };
    }
    case 'CatalogEntryRemoved':
      return { ...entry, intact: false, votes: [] };
  }
};

/** The votes that an entry has for one definition. */
export const votesFor = (
  entry: EntryRecord | undefined,
  digest: Digest | undefined,
): readonly CountedVote[] => entry?.votes.filter((vote) => vote.digest === digest) ?? [];

export const ENTRY_STATES = ['new', 'pinned', 'drifted', 'returned', 'missing', 'collided'] as const;
export type EntryState = (typeof ENTRY_STATES)[number];

/**
 * How an entry stands when `listed` is the digest listed now (undefined: it is not listed). Only `pinned` may be used.
 * Undefined: never approved and not listed, so there is nothing to say.
 */
export const entryState = (
  record: EntryRecord | undefined,
  listed: Digest | undefined,
): EntryState | undefined => {
  if (record === undefined || record.pin === null) {
    if (listed === undefined) return undefined;
    const because = record?.held.get(listed)?.because;
    return because === 'collided' || because === 'name' ? 'collided' : 'new';
  }
  if (listed === undefined) return 'missing';
  if (listed !== record.pin.digest) return 'drifted';
  return record.intact ? 'pinned' : 'returned';
};
