import type { Place } from './projection.schema.js';

/** What a call item of a list says; `outcome` is where the call stands. */
export interface CallItem {
  /** Number of the call in store order: what `cursor` counts in. */
  readonly n: number;
  readonly id: string;
  readonly time: string;
  readonly principal: string;
  readonly client: string;
  readonly agent: string | null;
  /** First call of the session this call belongs to. */
  readonly session: string;
  readonly method: string;
  readonly server: string;
  /** Name of the tool or prompt; for everything else the method. */
  readonly tool: string;
  /** What the policy says the operation does; null when it knows no such operation. */
  readonly effect: 'read' | 'write' | null;
  readonly decision: string | null;
  readonly rules: readonly string[];
  readonly policyDigest: string | null;
  readonly outcome: string;
  /** Masked values of the result by kind. */
  readonly masked: { readonly [kind: string]: number };
  readonly approvalId?: string;
  /** Where the value that was searched for stands. */
  readonly found?: readonly Place[];
}

/** Members that are absent leave the calls as they are; all others must fit. */
export interface CallFilter {
  readonly principal?: string | undefined;
  readonly client?: string | undefined;
  readonly agent?: string | undefined;
  readonly session?: string | undefined;
  readonly method?: string | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly effect?: string | undefined;
  readonly rule?: string | undefined;
  readonly decision?: string | undefined;
  readonly policyDigest?: string | undefined;
  readonly outcome?: string | undefined;
  readonly masked?: string | undefined;
  readonly approvalId?: string | undefined;
  /** Inclusive. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
}

export interface CallSearch {
  readonly filter: CallFilter;
  /** Any of these tokens of the blind index; undefined: no value is searched for. */
  readonly tokens?: readonly Uint8Array[] | undefined;
  readonly order: 'oldest' | 'newest';
  /** `n` of the last item of the page before. */
  readonly after?: number | undefined;
  /** Calls up to this `n` only: an export that goes on for a while ends where it began to count. */
  readonly upTo?: number | undefined;
  readonly limit: number;
}

export interface CallPage {
  readonly items: readonly CallItem[];
  /** `n` to go on after; null at the end. */
  readonly next: number | null;
}

export interface SessionFilter {
  readonly principal?: string | undefined;
  readonly client?: string | undefined;
  readonly agent?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Calls of one caller through one client with one agent, without a pause of SESSION_GAP_MS. */
export interface SessionItem {
  readonly n: number;
  /** Id of its first call; `session` in the filters of calls. */
  readonly id: string;
  readonly principal: string;
  readonly client: string;
  readonly agent: string | null;
  readonly first: string;
  readonly last: string;
  readonly calls: number;
  readonly writes: number;
  readonly outcomes: { readonly [outcome: string]: number };
}

export interface SessionPage {
  readonly items: readonly SessionItem[];
  readonly next: number | null;
}
