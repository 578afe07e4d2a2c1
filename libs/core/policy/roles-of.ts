import type { IndexedPolicy } from './index-policy.js';

const NONE: readonly string[] = [];

/** The roles these OIDC groups give, sorted, each once. Group names are compared exactly; unknown groups give nothing. */
export const rolesOf = (policy: IndexedPolicy, groups: readonly string[]): readonly string[] => {
  if (groups.length === 1) return policy.rolesByGroup.get(groups[0] as string) ?? NONE;
  const roles = new Set<string>();
  for (const group of groups) for (const role of policy.rolesByGroup.get(group) ?? NONE) roles.add(role);
  return [...roles].sort();
};
