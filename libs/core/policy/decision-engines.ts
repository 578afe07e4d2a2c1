import { decidePolicy } from './decide-policy.js';
import type { IndexedPolicy } from './index-policy.js';
import type { Decision, DecisionInput } from './policy.types.js';

type DecisionEngine = (policy: IndexedPolicy, input: DecisionInput) => Decision;

/** Every evaluator that ever decided: a change of its answers is a new name beside the old one (ADR 7). */
const ENGINES: ReadonlyMap<string, DecisionEngine> = new Map([['policy-1', decidePolicy]]);
const SEMANTICS: ReadonlySet<unknown> = new Set([1]);

/** The evaluator that a recorded decision names; undefined when this version does not have it. */
export const decisionEngine = (name: string): DecisionEngine | undefined => ENGINES.get(name);

/** Whether this version can run bundles of these evaluation rules (`PolicyBundle.semantics`). */
export const isKnownSemantics = (semantics: unknown): boolean => SEMANTICS.has(semantics);
