import { isConditionPath } from '#core/policy/compile-condition.js';
import { compareDecimals, type Decimal, parseDecimal } from '#core/policy/operators/decimal.js';
import type { PolicyCheck, PolicyCondition } from '#core/policy/policy.types.js';
import type { Findings, Located } from './problems.js';
import { READ_CHECK } from './read-check.js';
import { mapOf, suggest } from './read-node.js';
import type { YamlEntry, YamlNode } from './yaml-node.js';

const OPERATORS = Object.keys(READ_CHECK) as readonly PolicyCheck['op'][];

/** `when:` as conditions sorted by path. Empty maps are refused: they would read like a condition and be none. */
export const readConditions = (findings: Findings, node: YamlNode): readonly PolicyCondition[] => {
  const map = mapOf(findings, node, 'a map of paths, such as args.amount');
  if (map === undefined) return [];
  if (map.entries.length === 0)
    findings.refuse(map, 'There is no condition.', 'write one, or remove "when".');
  const conditions = map.entries.flatMap((entry) => readCondition(findings, entry) ?? []);
  return conditions.sort((a, b) => (a.path < b.path ? -1 : 1));
};

const readCondition = (findings: Findings, entry: YamlEntry): PolicyCondition | undefined => {
  const path = entry.key;
  if (!isConditionPath(path)) {
    const next = 'start with args. or token. (keys of letters, digits, "_", "$", "-"), or write now.';
    findings.refuse(entry.keyAt, `"${path}" is not a path.`, next);
    return undefined;
  }
  const map = mapOf(findings, entry.value, 'a map of operators, such as { lte: 200 }');
  if (map === undefined) return undefined;
  if (map.entries.length === 0)
    findings.refuse(map, 'There is no operator.', `use one of: ${OPERATORS.join(', ')}.`);
  const checks = map.entries.flatMap((operator) => readOperator(findings, path, operator) ?? []);
  if (checks.length !== map.entries.length) return undefined;
  refuseEmptyRange(findings, map, checks);
  return { path, checks: checks.sort((a, b) => (a.op < b.op ? -1 : 1)) };
};

const readOperator = (findings: Findings, path: string, entry: YamlEntry): PolicyCheck | undefined => {
  const op = OPERATORS.find((name) => name === entry.key);
  if (op === undefined) {
    findings.refuse(entry.keyAt, `Unknown operator "${entry.key}".`, suggest(entry.key, OPERATORS));
    return undefined;
  }
  if ((path === 'now') !== (op === 'changeWindow')) {
    const reason =
      path === 'now' ? `"now" cannot be compared with "${op}".` : 'changeWindow looks only at the time.';
    findings.refuse(entry.keyAt, reason, 'write now: { changeWindow: ... }.');
    return undefined;
  }
  return READ_CHECK[op](findings, entry.value);
};

/** No number is over 5 and under 3: such a rule would look alive and never match. */
const refuseEmptyRange = (findings: Findings, at: Located, checks: readonly PolicyCheck[]): void => {
  const bound = (strict: 'gt' | 'lt', loose: 'gte' | 'lte'): { limit: Decimal; strict: boolean }[] =>
    checks.flatMap((check) => {
      const limit = (check.op === strict || check.op === loose) && parseDecimal(check.value);
      return limit ? [{ limit, strict: check.op === strict }] : [];
    });
  for (const low of bound('gt', 'gte')) {
    for (const high of bound('lt', 'lte')) {
      const sign = compareDecimals(low.limit, high.limit);
      if (sign < 0 || (sign === 0 && !low.strict && !high.strict)) continue;
      findings.refuse(at, 'No number is in this range.', 'correct the limits.');
      return;
    }
  }
};
