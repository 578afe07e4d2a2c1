import { decideOperation } from '../decide-policy.js';
import { mergeGrants, termsOf } from '../grants.js';
import { indexPolicy } from '../index-policy.js';
import type { Decision, PolicyBundle, PolicyRule } from '../policy.types.js';
import { describeCondition } from './describe-condition.js';

/** What one role may do with one operation. */
export interface ExplainedCell {
  readonly role: string;
  readonly operation: string;
  readonly kind: 'read' | 'write';
  /** When none of the conditions below holds. */
  readonly effect: Decision['effect'];
  readonly rules: readonly string[];
  /** Its `grant` is what an approval covers where the call is within the limits. */
  readonly approval: Decision['approval'];
  readonly masked: boolean;
  /** Rules that change this for some arguments, claims or times. */
  readonly conditional: readonly ConditionalRule[];
}

export interface ConditionalRule {
  readonly rule: string;
  readonly effect: PolicyRule['effect'];
  /** All of them must hold. */
  readonly when: readonly string[];
  readonly approval: PolicyRule['approval'];
}

/**
 * Who may do what, one cell for each role and operation. The evaluator itself decides each cell, under the rules that
 * have no conditions; those that have are listed beside.
 */
export const explainPolicy = (bundle: PolicyBundle): readonly ExplainedCell[] => {
  const unconditional = indexPolicy({
    ...bundle,
    rules: bundle.rules.filter(({ when }) => when.length === 0),
  });
  return Object.keys(bundle.roles).flatMap((role) =>
    Object.entries(bundle.operations).flatMap(([operation, { kind }]) => {
      const decision = decideOperation(unconditional, [role], operation);
      if (decision === undefined) return [];
      return [
        {
          role,
          operation,
          kind,
          ...cellOf(bundle, decision),
          conditional: conditionalRules(bundle, decision, role, operation),
        },
      ];
    }),
  );
};

const cellOf = (bundle: PolicyBundle, { effect, rules, approval, profile }: Decision) => ({
  effect,
  rules,
  approval: approval && { ...approval, ...grantOf(bundle, rules) },
  masked: profile !== null,
});

/** A decision names the terms only when it knows the arguments. */
const grantOf = (
  bundle: PolicyBundle,
  ids: readonly string[],
): Pick<NonNullable<Decision['approval']>, 'grant'> => {
  const demands = bundle.rules.flatMap(({ id, approval }) =>
    ids.includes(id) && approval !== null ? [approval] : [],
  );
  const grant = mergeGrants(demands.map(({ grant: terms }) => (terms === undefined ? null : termsOf(terms))));
  return grant === null ? {} : { grant };
};

const conditionalRules = (
  bundle: PolicyBundle,
  decision: Decision,
  role: string,
  operation: string,
): readonly ConditionalRule[] => {
  const deniedAlways = decision.effect === 'deny' && decision.rules.length > 0;
  const named = bundle.rules.filter(
    ({ roles, operations, when }) =>
      when.length > 0 && operations.includes(operation) && (roles === 'any' || roles.includes(role)),
  );
  const allowable = decision.effect !== 'deny' || named.some(({ effect }) => effect === 'allow');
  if (deniedAlways || !allowable) return [];
  return named.map(({ id, effect, when, approval }) => ({
    rule: id,
    effect,
    when: when.flatMap(describeCondition),
    approval,
  }));
};
