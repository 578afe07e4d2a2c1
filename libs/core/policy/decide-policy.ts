import type { GrantTerms } from '../approval/grant.js';
import type { ConditionInput } from './compile-condition.js';
import { mergeGrants } from './grants.js';
import type { IndexedOperation, IndexedPolicy, IndexedRule } from './index-policy.js';
import { operationOf } from './index-targets.js';
import { mergeApprovals } from './merge-approvals.js';
import { mergeProfiles } from './merge-profiles.js';
import type { ApprovalDemand, Decision, DecisionInput, MaskingProfile } from './policy.types.js';
import { rolesOf } from './roles-of.js';

/**
 * The decision of policy semantics 1; pure, total, and the same for ever for the same bundle and input.
 * 1. A target (tool, prompt, resource or method of a server) that no operation names, that two operations name, or a
 *    caller without a role: deny, no rules. `operationOf` says how targets are found.
 * 2. A rule matches when it names the operation, names a role of the caller (or `any`), and its conditions hold. A
 *    condition that is unknown (value missing or of the wrong type) holds in deny and oblige rules, not in allow rules.
 * 3. One matched deny rule: deny. Otherwise no matched allow rule: deny, no rules.
 * 4. Otherwise the approvals of ALL matched rules merge to the strictest and their masking profiles unite; a rule that
 *    allows without approval never takes back what another demands. The approval covers further calls only as far as
 *    every demand grants for this call; a limit that is unknown does not hold.
 * The order of rules decides nothing.
 */
export const decidePolicy = (policy: IndexedPolicy, input: DecisionInput): Decision =>
  decideForRoles(policy, rolesOf(policy, input.groups), input);

/** The same for roles that are already known: policy tests speak of roles. `roles` must be sorted. */
export const decideForRoles = (
  policy: IndexedPolicy,
  roles: readonly string[],
  input: Omit<DecisionInput, 'groups'>,
): Decision => {
  const operation = operationOf(policy.targets, input.kind, input.server, input.tool);
  return operation === undefined ? deny(null, roles, []) : decideFor(operation, roles, input);
};

/**
 * What roles may do with an operation, whichever of its targets is called and with no arguments, claims or time.
 * Undefined when the policy has no such operation.
 */
export const decideOperation = (
  policy: IndexedPolicy,
  roles: readonly string[],
  operation: string,
): Decision | undefined => {
  const found = policy.operations.get(operation);
  return found && decideFor(found, roles, { args: {}, token: {}, now: '' });
};

const decideFor = (
  operation: IndexedOperation,
  roles: readonly string[],
  input: ConditionInput,
): Decision => {
  const matched = matchedRules(operation, roles, input);
  const denies = matched.filter(isDeny);
  if (denies.length > 0) return deny(operation, roles, denies);
  if (!matched.some(isAllow)) return deny(operation, roles, []);
  return letThrough(operation, roles, matched, input);
};

const isDeny = ({ rule }: IndexedRule): boolean => rule.effect === 'deny';
const isAllow = ({ rule }: IndexedRule): boolean => rule.effect === 'allow';

// Written as one loop: this is the hot path of every allowed call, and five chained array methods halve its speed.
const letThrough = (
  operation: IndexedOperation,
  roles: readonly string[],
  matched: readonly IndexedRule[],
  input: ConditionInput,
): Decision => {
  const rules: string[] = [];
  const says: string[] = [];
  const demands: ApprovalDemand[] = [];
  const grants: (GrantTerms | null)[] = [];
  const profiles: MaskingProfile[] = [];
  for (const { rule, profile, grant } of matched) {
    rules.push(rule.id);
    says.push(rule.says);
    if (rule.approval !== null) {
      demands.push(rule.approval);
      grants.push(grant === null ? null : grant(input));
    }
    if (profile !== null) profiles.push(profile);
  }
  return {
    effect: demands.length === 0 ? 'allow' : 'approval',
    operation: operation.name,
    kind: operation.kind,
    roles,
    rules,
    says,
    approval: withGrant(mergeApprovals(demands), mergeGrants(grants)),
    profile: mergeProfiles(profiles),
    engine: 'policy-1',
  };
};

const withGrant = (approval: Decision['approval'], grant: GrantTerms | null): Decision['approval'] =>
  approval === null || grant === null ? approval : { ...approval, grant };

const deny = (
  operation: IndexedOperation | null,
  roles: readonly string[],
  rules: readonly IndexedRule[],
): Decision => ({
  effect: 'deny',
  operation: operation?.name ?? null,
  kind: operation?.kind ?? null,
  roles,
  rules: rules.map(({ rule }) => rule.id),
  says: rules.map(({ rule }) => rule.says),
  approval: null,
  profile: null,
  engine: 'policy-1',
});

const matchedRules = (
  operation: IndexedOperation,
  roles: readonly string[],
  input: ConditionInput,
): readonly IndexedRule[] => {
  const matched: IndexedRule[] = [];
  if (roles.length === 0) return matched;
  collect(operation.rulesForAny, input, matched);
  const fromAny = matched.length;
  for (const role of roles) collect(operation.rulesByRole.get(role), input, matched);
  // One list is in file order and names no rule twice; several may not be.
  if (fromAny === matched.length || (fromAny === 0 && roles.length === 1)) return matched;
  matched.sort((a, b) => a.order - b.order);
  return roles.length === 1 ? matched : matched.filter((rule, at) => matched[at - 1] !== rule);
};

const collect = (
  rules: readonly IndexedRule[] | undefined,
  input: ConditionInput,
  matched: IndexedRule[],
): void => {
  if (rules === undefined) return;
  for (const rule of rules) if (holds(rule, input)) matched.push(rule);
};

const holds = (rule: IndexedRule, input: ConditionInput): boolean => {
  const unknownHolds = rule.rule.effect !== 'allow';
  for (const condition of rule.conditions) {
    const truth = condition(input);
    if (truth === false || (truth === undefined && !unknownHolds)) return false;
  }
  return true;
};
