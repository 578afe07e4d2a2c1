import type { Json } from '#core/evidence/canonical-json.js';

/** What can be run again: decisions (of calls and of questions), maskings of answers, and of messages on the way. */
export type Replayed = 'decision' | 'masking' | 'message';

/**
 * `unknown_engine`: made by an evaluator, a masking engine, a policy semantics or an event version that this version does
 * not have; nothing is guessed. `payload_erased`: the recorded input or result can be opened no more.
 */
export type Verdict =
  | { readonly verdict: 'identical' }
  | { readonly verdict: 'different'; readonly recorded: Json; readonly replayed: Json }
  | { readonly verdict: 'unknown_engine'; readonly engine: string }
  | { readonly verdict: 'payload_erased'; readonly kid: string };

export interface Checked {
  readonly callId: string;
  readonly eventId: string;
  readonly what: Replayed;
  readonly verdict: Verdict;
}

export interface Difference {
  readonly callId: string;
  readonly eventId: string;
  readonly what: Replayed;
  readonly recorded: Json;
  /** `{ problem }` when it could not be run again at all: a missing or broken record. */
  readonly replayed: Json;
}

export interface ReplayCounts {
  readonly identical: number;
  readonly different: number;
  readonly unknown_engine: number;
  readonly payload_erased: number;
}

/** So many checks share a reason; the first of their calls are named. */
export interface ReasonGroup {
  readonly reason: string;
  readonly count: number;
  readonly calls: readonly string[];
}

export interface DecidedAs {
  readonly effect: string;
  readonly rules: readonly string[];
  readonly masked: boolean;
}

/** Decisions that would change from the same rules to the same rules under another policy. */
export interface ChangeGroup {
  readonly from: DecidedAs;
  readonly to: DecidedAs;
  readonly count: number;
  readonly calls: readonly string[];
}

export interface ReplaySummary {
  readonly checked: number;
  readonly identical: number;
  /** The first DIFFERENCES_LISTED_MAX of them; `counts` counts all. */
  readonly different: readonly Difference[];
  readonly counts: ReplayCounts;
  readonly unknown_engine: readonly ReasonGroup[];
  readonly payload_erased: readonly ReasonGroup[];
  /** Only when another policy was asked about. */
  readonly changes?: readonly ChangeGroup[];
  /** Where to go on (`after`), when the run ended before its range did; else null. */
  readonly next: string | null;
}

export interface ReplayProgress extends ReplayCounts {
  readonly checked: number;
  /** Store positions: where the run began, where it is, and where it will end. `position` is a cursor to resume after. */
  readonly began: string;
  readonly position: string;
  readonly until: string;
}

/** A line of `application/x-ndjson`; the last line is a summary or an error. */
export type ReplayLine =
  | { readonly progress: ReplayProgress }
  | { readonly difference: Difference }
  | { readonly summary: ReplaySummary };
