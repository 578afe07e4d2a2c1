import { visibleJson } from '#core/catalog/definition-difference.js';
import type { PolicyDiff } from '#core/policy/explain/diff-policies.js';

/** What changes, first for people, then member by member. */
export const diffText = ({ access, changes }: PolicyDiff): string => {
  if (access.length + changes.length === 0) return 'no difference';
  return [
    access.length === 0 ? 'Nobody may do anything else.' : 'Who may do something else:',
    ...access.flatMap(({ role, operation, before, after }) => [
      `  ${role}, ${operation}`,
      `    - ${before ?? '(not there)'}`,
      `    + ${after ?? '(not there)'}`,
    ]),
    'What the file says otherwise:',
    ...changes.flatMap(({ at, before, after }) => [
      `  at ${at}`,
      ...(before === undefined ? [] : [`    - ${visibleJson(before)}`]),
      ...(after === undefined ? [] : [`    + ${visibleJson(after)}`]),
    ]),
  ].join('\n');
};
