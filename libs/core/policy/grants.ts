import type { GrantTerms } from '../approval/grant.js';
import { type ConditionInput, compileCondition, compileRead } from './compile-condition.js';
import { describeCondition } from './explain/describe-condition.js';
import type { GrantDemand } from './policy.types.js';

/** The terms for this very call; null when it has none: a limit does not surely hold, or an argument to compare is missing. */
export type GrantOf = (input: ConditionInput) => GrantTerms | null;

export const compileGrant = (demand: GrantDemand): GrantOf => {
  const { same = [], when = [] } = demand;
  const conditions = when.map(compileCondition);
  const compared = same.map(compileRead);
  const terms = termsOf(demand);
  return (input) =>
    conditions.every((holds) => holds(input) === true) && compared.every((read) => read(input) !== undefined)
      ? terms
      : null;
};

/** What a rule lets an approval cover, for calls within its limits. */
export const termsOf = ({ uses, for_s, same = [], when = [] }: GrantDemand): GrantTerms => ({
  ...{ uses, for_s, same },
  limits: when.flatMap(describeCondition).sort(),
});

/** What all demands allow together: nothing where one allows none, else the fewest uses, the shortest time, every limit. */
export const mergeGrants = (grants: readonly (GrantTerms | null)[]): GrantTerms | null => {
  const [first, ...others] = grants;
  let merged = first ?? null;
  for (const grant of others) {
    if (merged === null || grant === null) return null;
    merged = {
      uses: Math.min(merged.uses, grant.uses),
      for_s: Math.min(merged.for_s, grant.for_s),
      same: united(merged.same, grant.same),
      limits: united(merged.limits, grant.limits),
    };
  }
  return merged;
};

const united = (a: readonly string[], b: readonly string[]): readonly string[] =>
  [...new Set([...a, ...b])].sort();
