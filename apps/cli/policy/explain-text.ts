import { type Requirement, requirementText } from '#core/approval/requirement.js';
import { requirementsOf } from '#core/policy/merge-approvals.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import { table } from '../print.js';
import type { ConditionalRule, ExplainedCell } from './explain-policy.js';

/** The table role x operation, then the rules it names in their own words. */
export const explainText = (bundle: PolicyBundle, cells: readonly ExplainedCell[]): string => {
  const rows = cells.map((cell) => [
    cell.role,
    cell.operation,
    cell.kind,
    verdict(cell),
    cell.conditional.map(exception).join('; '),
  ]);
  const rules = bundle.rules.map(({ id, says }) => `  ${id}: ${says}`);
  return [table([['ROLE', 'OPERATION', 'KIND', 'DECISION', 'BUT'], ...rows]), '', 'Rules:', ...rules].join(
    '\n',
  );
};

const approvalText = (requirements: readonly Requirement[], distinct: false | undefined): string => {
  const each = requirements.map((requirement) =>
    requirement.or && requirements.length > 1
      ? `(${requirementText(requirement)})`
      : requirementText(requirement),
  );
  const shared = distinct === false && requirements.length > 1 ? ' (one person may serve several)' : '';
  return each.join(' and ') + shared;
};

const verdict = ({ effect, rules, approval, masked }: ExplainedCell): string => {
  const named = rules.length === 0 ? '(no rule)' : rules.join(' ');
  const asked = approval === null ? undefined : approvalText(approval.requirements, approval.distinct);
  return [effect, ...(asked === undefined ? [] : [asked]), named, ...(masked ? ['masked'] : [])].join(' ');
};

const exception = ({ rule, effect, when, approval }: ConditionalRule): string => {
  const what = effect === 'oblige' ? [] : [effect];
  const asked =
    approval === null ? [] : [`approval ${approvalText(requirementsOf(approval), approval.distinct)}`];
  return `${rule}: ${[...what, ...asked].join(' ') || 'also masked'} if ${when.join(' and ')}`;
};
