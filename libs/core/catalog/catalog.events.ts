import type { CountedVote } from '../approval/decide-approval.js';
import type { PayloadCommitment } from '../evidence/entry.js';
import type { Digest } from '../hash.js';

/** What an MCP server lists. Names: of tools and prompts their name, else the URI or the URI template. */
export const CATALOG_KINDS = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const;
export type CatalogKind = (typeof CATALOG_KINDS)[number];

/** One entry: unique within its server. */
export interface EntryName {
  readonly kind: CatalogKind;
  readonly name: string;
}

/**
 * Why a listed definition is not to be used. `returned`: it is the pinned one, but it was changed or taken away in
 * between. `collided`: its name can be taken for another one of the same list. `name`: its name has characters that can
 * be taken for others.
 */
export type HeldBecause = 'new' | 'drifted' | 'returned' | 'collided' | 'name';

/** Attachment: the RFC 8785 bytes of the definition, in clear; their SHA-256 is the digest. Once per definition and pin. */
export interface CatalogEntryHeld {
  readonly type: 'CatalogEntryHeld';
  readonly v: 1;
  readonly data: EntryName & {
    readonly server: string;
    readonly digest: Digest;
    readonly because: HeldBecause;
  };
  readonly payload: PayloadCommitment;
}

/** Attachment as above. `replaces`: the digest that was pinned before, the same one when it had returned. */
export interface CatalogEntryPinned {
  readonly type: 'CatalogEntryPinned';
  readonly v: 1;
  readonly data: EntryName & {
    readonly server: string;
    readonly digest: Digest;
    readonly by: 'operator' | 'configuration';
    readonly reason: string | null;
    readonly replaces: Digest | null;
  };
  readonly payload: PayloadCommitment;
}

/**
 * An operator approves a definition that needs several people; with the last one it is pinned, in the same append. Votes for
 * another digest, or from before the entry changed again, count no more.
 */
export interface CatalogEntryVoted {
  readonly type: 'CatalogEntryVoted';
  readonly v: 1;
  readonly data: EntryName & {
    readonly server: string;
    readonly digest: Digest;
    /** So many different people must approve it. */
    readonly needed: number;
    readonly replaces: Digest | null;
    readonly vote: CountedVote;
  };
}

/** A pinned entry is no longer listed; it stays held when it comes back. */
export interface CatalogEntryRemoved {
  readonly type: 'CatalogEntryRemoved';
  readonly v: 1;
  readonly data: EntryName & { readonly server: string; readonly digest: Digest };
}

export type CatalogEvent = CatalogEntryHeld | CatalogEntryVoted | CatalogEntryPinned | CatalogEntryRemoved;

export const CATALOG_EVENT_TYPES: readonly CatalogEvent['type'][] = [
  'CatalogEntryHeld',
  'CatalogEntryPinned',
  'CatalogEntryRemoved',
  'CatalogEntryVoted',
];

const PREFIX = 'catalog-';
export const catalogStream = (server: string): string => PREFIX + server;
/** The server of a catalog stream; undefined for other streams. */
export const serverOfStream = (stream: string): string | undefined =>
  stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : undefined;
