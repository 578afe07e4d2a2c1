import { type BreakGlass, type Requirement, requirementText } from '../approval/requirement.js';
import type { ApprovalDemand, Decision } from './policy.types.js';

/**
 * The strictest of all demands: each distinct requirement stays one of its own, of those that name the same roles the
 * highest count holds, and the shortest expiry holds for all. One person may serve several requirements only if every
 * demand says so, and an emergency opens it only if every demand says how, with the same roles. Null when nothing is
 * demanded. Roles must be sorted, as they are in a bundle.
 */
export const mergeApprovals = (demands: readonly ApprovalDemand[]): Decision['approval'] => {
  const [first] = demands;
  if (first === undefined) return null;
  const requirements: Requirement[] = [];
  let expires_s = first.expires_s;
  let distinct = false;
  for (const demand of demands) {
    if (demand.expires_s < expires_s) expires_s = demand.expires_s;
    if (demand.distinct !== false) distinct = true;
    addStrictest(requirements, demand);
    for (const also of demand.and ?? []) addStrictest(requirements, also);
  }
  if (requirements.length > 1) requirements.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const break_glass = strictestBreakGlass(demands);
  return {
    requirements,
    expires_s,
    ...(distinct ? {} : { distinct: false as const }),
    ...(break_glass !== undefined && { break_glass }),
  };
};

const strictestBreakGlass = (demands: readonly ApprovalDemand[]): BreakGlass | undefined => {
  const [first, ...others] = demands.map(({ break_glass }) => break_glass);
  if (first === undefined) return undefined;
  let { within_s } = first;
  for (const other of others) {
    if (other === undefined) return undefined;
    if (!isSameList(first.roles, other.roles) || !isSameList(first.review, other.review)) return undefined;
    within_s = Math.min(within_s, other.within_s);
  }
  return { ...first, within_s };
};

/** All that a demand asks for. */
export const requirementsOf = (demand: ApprovalDemand): readonly Requirement[] => [
  requirementOf(demand),
  ...(demand.and ?? []),
];

const requirementOf = ({ by, count, or, escalate }: Requirement): Requirement => ({
  by,
  count,
  ...(or !== undefined && { or }),
  ...(escalate !== undefined && { escalate }),
});

const addStrictest = (requirements: Requirement[], requirement: Requirement): void => {
  const at = requirements.findIndex((known) => isForSameRoles(known, requirement));
  const same = requirements[at];
  if (same === undefined) {
    requirements.push(requirementOf(requirement));
    return;
  }
  const { by, or } = same;
  const count = Math.max(same.count, requirement.count);
  // Where one rule never escalates, or otherwise, its strictness holds.
  const escalate = isSameEscalation(same, requirement) ? same.escalate : undefined;
  requirements[at] = requirementOf({ by, count, or, escalate });
};

/** Other ways to meet a requirement must be the same in all: there is no stricter of two. */
const isForSameRoles = (a: Requirement, b: Requirement): boolean =>
  a.or === undefined && b.or === undefined
    ? isSameList(a.by, b.by)
    : requirementText({ ...a, escalate: undefined }) === requirementText({ ...b, escalate: undefined });

const isSameEscalation = ({ escalate: a }: Requirement, { escalate: b }: Requirement): boolean =>
  a !== undefined && b !== undefined && a.after_s === b.after_s && isSameList(a.to, b.to);

/** By role names first: as it was before there were alternatives. */
const sortKey = (requirement: Requirement): string =>
  requirement.or === undefined
    ? requirement.by.join('\n')
    : `${requirement.by.join('\n')}\n\n${requirementText(requirement)}`;

const isSameList = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
};
