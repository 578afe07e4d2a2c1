import type { LedgerEntry } from '../e2e/support/rest.js';
import type { Scene } from './scene.js';

/** What came back, from whichever door. */
export interface Outcome {
  readonly status: number;
  /** The stable code; undefined when nothing was refused. */
  readonly code: string | undefined;
  /** The whole answer. */
  readonly text: string;
}

/** What an attack must leave in the ledger. */
export interface Trace {
  readonly type: string;
  /** `code` or `reason` of the event's data, where it has one. */
  readonly says?: string;
}

export interface Attack {
  /** What is tried. */
  readonly title: string;
  /** Brings everything into position; nothing of it is counted. */
  readonly before?: (scene: Scene) => Promise<unknown> | unknown;
  readonly send: (scene: Scene) => Promise<Outcome>;
  /** Expected answer: status and code. No code: the attack is harmless and answered. */
  readonly status: number;
  readonly code?: string;
  readonly trace: Trace;
  /** Requests that may reach an upstream. Default: none. */
  readonly forwards?: number;
  /** Must be neither in the answer nor in any event. */
  readonly hidden?: readonly string[];
  /** Must be in the answer. */
  readonly shown?: readonly string[];
  /** Whether all of it is on record; absent: with its trace. */
  readonly isWhole?: (recorded: readonly LedgerEntry[]) => boolean;
  /** Anything else that must hold. */
  readonly also?: (scene: Scene, outcome: Outcome, recorded: readonly LedgerEntry[]) => Promise<void> | void;
}

export interface AttackClass {
  /** As in the list of classes, 1 to 20. */
  readonly number: number;
  readonly title: string;
  /** What the gateway does about all of them. */
  readonly rule: string;
  readonly attacks: readonly Attack[];
}

export const refused = (code: string): Trace => ({ type: 'RequestRefused', says: code });
export const denied = (code: string): Trace => ({ type: 'CallDenied', says: code });
export const failed = (code: string): Trace => ({ type: 'CallFailed', says: code });
export const unknown = (reason: string): Trace => ({ type: 'CallOutcomeUnknown', says: reason });
export const completed: Trace = { type: 'CallCompleted' };
