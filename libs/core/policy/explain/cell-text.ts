import type { GrantTerms } from '../../approval/grant.js';
import { type BreakGlass, type Requirement, requirementText } from '../../approval/requirement.js';
import { termsOf } from '../grants.js';
import { requirementsOf } from '../merge-approvals.js';
import type { ApprovalDemand } from '../policy.types.js';
import type { ConditionalRule, ExplainedCell } from './explain-policy.js';

interface Asked {
  readonly requirements: readonly Requirement[];
  readonly distinct?: false;
  readonly grant?: GrantTerms | undefined;
  readonly break_glass?: BreakGlass;
}

const approvalText = ({ requirements, distinct, grant, break_glass }: Asked): string => {
  const each = requirements.map((requirement) =>
    requirement.or && requirements.length > 1
      ? `(${requirementText(requirement)})`
      : requirementText(requirement),
  );
  const shared = distinct === false && requirements.length > 1 ? ' (one person may serve several)' : '';
  return [each.join(' and ') + shared, ...coverText(grant), ...emergencyText(break_glass)].join(' ');
};

const coverText = (grant: GrantTerms | undefined): readonly string[] => {
  if (grant === undefined) return [];
  const { uses, for_s, same, limits } = grant;
  const alike = [...same.map((path) => `same ${path}`), ...limits].join(', ');
  return [`(covers up to ${uses} calls in ${for_s} s: ${alike || 'any arguments'})`];
};

const emergencyText = (emergency: BreakGlass | undefined): readonly string[] => {
  if (emergency === undefined) return [];
  const { roles, review, within_s } = emergency;
  return [`(break-glass: ${roles.join(' and ')}, review by ${review.join('|')} in ${within_s} s)`];
};

/** What the role may do when no condition holds, and by which rules. */
export const verdictText = ({ effect, rules, approval, masked }: ExplainedCell): string => {
  const named = rules.length === 0 ? '(no rule)' : rules.join(' ');
  const asked = approval === null ? undefined : approvalText(approval);
  return [effect, ...(asked === undefined ? [] : [asked]), named, ...(masked ? ['masked'] : [])].join(' ');
};

const demandText = ({ grant, ...demand }: ApprovalDemand): string =>
  approvalText({ ...demand, requirements: requirementsOf(demand), grant: grant && termsOf(grant) });

/** What a rule with conditions changes about it. */
export const exceptionText = ({ rule, effect, when, approval }: ConditionalRule): string => {
  const what = effect === 'oblige' ? [] : [effect];
  const asked = approval === null ? [] : [`approval ${demandText(approval)}`];
  return `${rule}: ${[...what, ...asked].join(' ') || 'also masked'} if ${when.join(' and ')}`;
};
