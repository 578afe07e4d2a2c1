import { type Requirement, requirementText } from '../../approval/requirement.js';
import { requirementsOf } from '../merge-approvals.js';
import type { ConditionalRule, ExplainedCell } from './explain-policy.js';

const approvalText = (requirements: readonly Requirement[], distinct: false | undefined): string => {
  const each = requirements.map((requirement) =>
    requirement.or && requirements.length > 1
      ? `(${requirementText(requirement)})`
      : requirementText(requirement),
  );
  const shared = distinct === false && requirements.length > 1 ? ' (one person may serve several)' : '';
  return each.join(' and ') + shared;
};

/** What the role may do when no condition holds, and by which rules. */
export const verdictText = ({ effect, rules, approval, masked }: ExplainedCell): string => {
  const named = rules.length === 0 ? '(no rule)' : rules.join(' ');
  const asked = approval === null ? undefined : approvalText(approval.requirements, approval.distinct);
  return [effect, ...(asked === undefined ? [] : [asked]), named, ...(masked ? ['masked'] : [])].join(' ');
};

/** What a rule with conditions changes about it. */
export const exceptionText = ({ rule, effect, when, approval }: ConditionalRule): string => {
  const what = effect === 'oblige' ? [] : [effect];
  const asked =
    approval === null ? [] : [`approval ${approvalText(requirementsOf(approval), approval.distinct)}`];
  return `${rule}: ${[...what, ...asked].join(' ') || 'also masked'} if ${when.join(' and ')}`;
};
