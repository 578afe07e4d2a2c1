import { decideForRoles } from './decide-policy.js';
import type { IndexedPolicy } from './index-policy.js';
import type { Decision, PolicyExpectation, PolicyTest } from './policy.types.js';

export interface PolicyTestFailure {
  /** Index in `bundle.tests`. */
  readonly test: number;
  /** Both in the words of the policy file: `approval 2 DE-1 HR-1 masked`. */
  readonly expected: string;
  readonly actual: string;
}

/** Runs the tests a policy carries. Empty = all hold. Rules are compared as a set, and only when the test names some. */
export const runPolicyTests = (policy: IndexedPolicy): readonly PolicyTestFailure[] =>
  policy.bundle.tests.flatMap((test, at) => {
    const decision = decideTest(policy, test);
    if (meets(decision, test.expect)) return [];
    return { test: at, expected: describe(test.expect), actual: describe(expectationOf(decision)) };
  });

/** What the test's call is decided to be. Without `now` its time is unknown. */
export const decideTest = (policy: IndexedPolicy, test: PolicyTest): Decision =>
  decideForRoles(policy, [...test.as].sort(), { ...test, now: test.now ?? '' });

/** A decision in the terms of `expect:`. */
export const expectationOf = (decision: Decision): PolicyExpectation => ({
  effect: decision.effect,
  count: decision.approval?.requirements.reduce((sum, { count }) => sum + count, 0) ?? null,
  rules: decision.rules,
  masked: decision.profile !== null,
});

const meets = (decision: Decision, expected: PolicyExpectation): boolean => {
  const actual = expectationOf(decision);
  if (actual.effect !== expected.effect || actual.count !== expected.count) return false;
  if (actual.masked !== expected.masked) return false;
  const rules = expected.rules && [...new Set(expected.rules)];
  return (
    rules === null ||
    (rules.length === decision.rules.length && rules.every((id) => decision.rules.includes(id)))
  );
};

const describe = ({ effect, count, rules, masked }: PolicyExpectation): string =>
  [effect, ...(count === null ? [] : [count]), ...(rules ?? []), ...(masked ? ['masked'] : [])].join(' ');
