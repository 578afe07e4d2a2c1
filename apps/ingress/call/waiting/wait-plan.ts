import type { GovernedMethod } from '#core/call/target.js';
import { quirksOf } from './client-quirks.js';

/** What is known of a request when its call is held. */
export interface Waiting {
  readonly era: 'legacy' | 'modern';
  /** What the client calls itself. */
  readonly client: string | undefined;
  readonly method: GovernedMethod;
  /** It follows tasks: by the extension of 2026-07-28, or it asked for this one as a task (2025-11-25). */
  readonly followsTasks: boolean;
  readonly wantsProgress: boolean;
}

export interface WaitLimits {
  readonly hold_ms: number;
  readonly long_hold_ms: number;
  readonly progress_ms: number;
}

/**
 * How a client waits for people. `task`: it is given a task at once and asks for it. `rounds`: it is held, then told to come
 * back with a `requestState`, so often. `hold`: it is held. Where time runs out, each ends with "pending, call again".
 */
export type WaitPlan =
  | { readonly way: 'task' }
  | {
      readonly way: 'rounds' | 'hold';
      readonly hold_ms: number;
      readonly progress_ms: number;
      /** Rounds after the first request; 0 for `hold`. */
      readonly rounds_max: number;
    };

/** Below the 60 s after which most clients give a request up. */
export const ROUND_MS_MAX = 45_000;
/** Clients follow 10 answers `input_required` at most (SDK v2, Inspector). */
export const ROUNDS_MAX = 9;

/** Requests that may be answered with `input_required` (MCP 2026-07-28 basic/patterns/mrtr). */
const ROUNDS_FOR: ReadonlySet<GovernedMethod> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Chosen anew for each request, by what the client declares; what is only known of its name comes last. */
export const waitPlan = (waiting: Waiting, limits: WaitLimits): WaitPlan => {
  const { era, client, method, followsTasks, wantsProgress } = waiting;
  if (followsTasks && method === 'tools/call') return { way: 'task' };
  const quirks = quirksOf(client);
  const mayRound = quirks.every(({ noRounds }) => noRounds !== true);
  const wait = quirks.find(({ waitsLong }) => waitsLong !== undefined)?.waitsLong;
  const { progress_ms } = limits;
  if (era === 'modern' && mayRound && ROUNDS_FOR.has(method))
    return {
      way: 'rounds',
      hold_ms: Math.min(limits.hold_ms, ROUND_MS_MAX),
      progress_ms,
      rounds_max: ROUNDS_MAX,
    };
  const waitsLong = wait === 'always' || (wait === 'with progress' && wantsProgress);
  const hold_ms = waitsLong ? Math.max(limits.hold_ms, limits.long_hold_ms) : limits.hold_ms;
  return { way: 'hold', hold_ms, progress_ms, rounds_max: 0 };
};
