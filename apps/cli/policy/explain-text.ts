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

const verdict = ({ effect, rules, approval, masked }: ExplainedCell): string => {
  const named = rules.length === 0 ? '(no rule)' : rules.join(' ');
  const asked = approval?.requirements.map(({ by, count }) => `${count} of ${by.join('|')}`).join(' and ');
  return [effect, ...(asked === undefined ? [] : [asked]), named, ...(masked ? ['masked'] : [])].join(' ');
};

const exception = ({ rule, effect, when, approval }: ConditionalRule): string => {
  const what = effect === 'oblige' ? [] : [effect];
  const asked = approval === null ? [] : [`approval ${approval.count} of ${approval.by.join('|')}`];
  return `${rule}: ${[...what, ...asked].join(' ') || 'also masked'} if ${when.join(' and ')}`;
};
