import type { IndexedPolicy, IndexedRule } from './index-policy.js';
import { operationOf } from './index-targets.js';
import { mergeProfiles } from './merge-profiles.js';
import type { MaskingProfile, TargetKind } from './policy.types.js';
import { rolesOf } from './roles-of.js';

/**
 * Could any arguments, token and time make this call allowed or approved? The filter of lists: tools, prompts, resources
 * and resource templates (`name` is then the URI, or the text of the template). True when an allow rule names the
 * caller and no unconditional deny does; conditions are not solved, so it may say true for a call that always ends in a
 * deny, but never false for one that `decidePolicy` would let through.
 */
export const mayUse = (
  policy: IndexedPolicy,
  groups: readonly string[],
  server: string,
  name: string,
  kind: TargetKind = 'tool',
): boolean => {
  const operation = operationOf(policy.targets, kind, server, name);
  const roles = rolesOf(policy, groups);
  if (operation === undefined || roles.length === 0) return false;
  const lists = [operation.rulesForAny, ...roles.map((role) => operation.rulesByRole.get(role) ?? [])];
  return lists.some((list) => list.some(isAllow)) && !lists.some((list) => list.some(isUnconditionalDeny));
};

/**
 * What lists about these targets must be masked with: everything that any rule masks for this caller on any of them,
 * whatever its conditions. Null when no rule masks.
 */
export const maskingOfUse = (
  policy: IndexedPolicy,
  groups: readonly string[],
  targets: readonly {
    readonly kind?: TargetKind | undefined;
    readonly server: string;
    readonly tool: string;
  }[],
): MaskingProfile | null => {
  const roles = rolesOf(policy, groups);
  const profiles = new Set<MaskingProfile>();
  for (const { kind = 'tool', server, tool } of targets) {
    const operation = operationOf(policy.targets, kind, server, tool);
    if (operation === undefined) continue;
    const lists = [operation.rulesForAny, ...roles.map((role) => operation.rulesByRole.get(role) ?? [])];
    for (const { profile } of lists.flat()) if (profile !== null) profiles.add(profile);
  }
  return mergeProfiles([...profiles]);
};

const isAllow = ({ rule }: IndexedRule): boolean => rule.effect === 'allow';
const isUnconditionalDeny = ({ rule }: IndexedRule): boolean =>
  rule.effect === 'deny' && rule.when.length === 0;
