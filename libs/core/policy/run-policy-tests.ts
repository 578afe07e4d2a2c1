import { quorumMet } from '../approval/quorum.js';
import { fewestApprovals } from '../approval/requirement.js';
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
    if (meets(decision, test.expect))
      return failedVotes(decision, test).map((failed) => ({ test: at, ...failed }));
    return { test: at, expected: describe(test.expect), actual: describe(expectationOf(decision)) };
  });

/** What the test's call is decided to be. Without `now` its time is unknown. */
export const decideTest = (policy: IndexedPolicy, test: PolicyTest): Decision =>
  decideForRoles(policy, [...test.as].sort(), { ...test, now: test.now ?? '' });

/** A decision in the terms of `expect:`. */
export const expectationOf = (decision: Decision): PolicyExpectation => ({
  effect: decision.effect,
  count: decision.approval && fewestApprovals(decision.approval.requirements),
  rules: decision.rules,
  masked: decision.profile !== null,
});

/** What `granted_by` and `not_granted_by` say of the approvals that are asked for. */
const failedVotes = (
  { approval }: Decision,
  { grantedBy, notGrantedBy }: PolicyTest,
): readonly Omit<PolicyTestFailure, 'test'>[] => {
  const granted = (votes: readonly (readonly string[])[]): boolean =>
    approval === null || quorumMet(approval.requirements, votes, approval.distinct !== false);
  const says = (votes: readonly (readonly string[])[], yes: boolean): string =>
    `${yes ? 'granted' : 'not granted'} by ${votes.map((roles) => roles.join('+')).join(', ')}`;
  const tried = [
    { votes: grantedBy, expected: true },
    { votes: notGrantedBy, expected: false },
  ];
  return tried.flatMap(({ votes, expected }) =>
    votes === undefined || granted(votes) === expected
      ? []
      : [{ expected: says(votes, expected), actual: says(votes, !expected) }],
  );
};

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
