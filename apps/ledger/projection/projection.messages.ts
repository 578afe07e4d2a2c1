import type { CallSearch, SessionFilter } from './call-filter.js';
import type { Place } from './projection.schema.js';
import type { ReportedQuery, UnsettledQuery } from './query-approvals.js';

/** Tokens of one payload of a call; null when it cannot be opened. */
export interface IndexedPayload {
  readonly call: string;
  readonly place: Place;
  readonly tokens: Uint8Array | null;
  readonly truncated: boolean;
}

export interface ProjectedEvent {
  readonly entry: Uint8Array;
  readonly position: string;
}

export type ProjectionRequest =
  | {
      readonly op: 'apply';
      readonly events: readonly ProjectedEvent[];
      /** Events passed over because nobody here knows their type. */
      readonly unknown: number;
      readonly position: string;
    }
  | {
      readonly op: 'index';
      readonly key: string;
      readonly payloads: readonly IndexedPayload[];
      readonly position: string;
    }
  /** Drops the tokens: they were made with another key, or are to be made again. */
  | { readonly op: 'drop-index' }
  /** Drops everything. */
  | { readonly op: 'drop' }
  | { readonly op: 'progress' }
  | { readonly op: 'list'; readonly search: CallSearch }
  | { readonly op: 'truncated'; readonly search: CallSearch }
  | {
      readonly op: 'sessions';
      readonly filter: SessionFilter;
      readonly before?: number | undefined;
      readonly limit: number;
    }
  | { readonly op: 'open-calls' }
  | { readonly op: 'reported'; readonly query: ReportedQuery }
  | { readonly op: 'unsettled'; readonly query: UnsettledQuery }
  | { readonly op: 'close' };

/** How far the read model is. Positions are those of the store. */
export interface ProjectionProgress {
  readonly version: number;
  readonly position: string | null;
  readonly calls: number;
  /** Events of a type or version that this release does not know. */
  readonly unknown: number;
  readonly index: {
    readonly position: string | null;
    readonly key: string | null;
    /** Calls too large to be indexed completely. */
    readonly truncated: number;
    /** Payloads that could not be opened. */
    readonly unreadable: number;
  };
}
