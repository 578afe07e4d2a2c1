import type { ApprovalDemand, Decision } from './policy.types.js';

/**
 * The strictest of all demands: each distinct set of approver roles stays a requirement of its own with the highest
 * count asked of it, and the shortest expiry holds for all. Null when nothing is demanded. `by` must be sorted, as it
 * is in a bundle.
 */
export const mergeApprovals = (demands: readonly ApprovalDemand[]): Decision['approval'] => {
  const [first] = demands;
  if (first === undefined) return null;
  const requirements: { by: readonly string[]; count: number }[] = [];
  let expires_s = first.expires_s;
  for (const demand of demands) {
    if (demand.expires_s < expires_s) expires_s = demand.expires_s;
    const same = requirements.find(({ by }) => isSameList(by, demand.by));
    if (same === undefined) requirements.push({ by: demand.by, count: demand.count });
    else if (same.count < demand.count) same.count = demand.count;
  }
  if (requirements.length > 1) requirements.sort((a, b) => (a.by.join('\n') < b.by.join('\n') ? -1 : 1));
  return { requirements, expires_s };
};

const isSameList = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
};
