import { exceptionText, verdictText } from '#core/policy/explain/cell-text.js';
import type { ExplainedCell } from '#core/policy/explain/explain-policy.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import { table } from '../print.js';

/** The table role x operation, who may vote for whom, then the rules in their own words. */
export const explainText = (bundle: PolicyBundle, cells: readonly ExplainedCell[]): string => {
  const rows = cells.map((cell) => [
    cell.role,
    cell.operation,
    cell.kind,
    verdictText(cell),
    cell.conditional.map(exceptionText).join('; '),
  ]);
  const rules = bundle.rules.map(({ id, says }) => `  ${id}: ${says}`);
  return [
    table([['ROLE', 'OPERATION', 'KIND', 'DECISION', 'BUT'], ...rows]),
    ...delegationLines(bundle),
    ...['', 'Rules:', ...rules],
  ].join('\n');
};

const delegationLines = ({ roles }: PolicyBundle): readonly string[] => {
  const lines = Object.entries(roles).flatMap(([role, { delegates }]) =>
    delegates === undefined
      ? []
      : [`  ${role}: to ${delegates.to.join('|')}, for ${delegates.max_s} s at most`],
  );
  return lines.length === 0 ? [] : ['', 'May be delegated:', ...lines];
};
