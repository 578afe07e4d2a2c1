import { rolesNamed } from '#core/approval/requirement.js';
import { requirementsOf } from '#core/policy/merge-approvals.js';
import type { PolicyRule } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import type { PlacedRule, Vocabulary } from './read-rules.js';
import type { YamlEntry } from './yaml-node.js';

/** `role operation`; neither holds a blank. */
type Cell = string;

const cellsOf = (rule: PolicyRule, roles: readonly string[]): readonly Cell[] =>
  (rule.roles === 'any' ? roles : rule.roles).flatMap((role) =>
    rule.operations.map((operation) => `${role} ${operation}`),
  );

/**
 * Refuses rules that can never apply: an unconditional deny covers each of their roles in each of their operations.
 * Warns of obligations that no allow rule ever meets.
 */
export const checkReachability = (
  findings: Findings,
  placed: readonly PlacedRule[],
  words: Vocabulary,
): void => {
  const roles = Object.keys(words.roles);
  const denied = new Map<Cell, string>();
  const allowed = new Set<Cell>();
  for (const { rule } of placed) {
    for (const cell of cellsOf(rule, roles)) {
      if (rule.effect === 'allow') allowed.add(cell);
      if (rule.effect === 'deny' && rule.when.length === 0 && !denied.has(cell)) denied.set(cell, rule.id);
    }
  }
  for (const { rule, node } of placed) {
    const cells = cellsOf(rule, roles);
    if (rule.effect === 'deny' || cells.length === 0) continue;
    if (cells.every((cell) => denied.has(cell))) {
      const by = [...new Set(cells.map((cell) => denied.get(cell)))].join(', ');
      findings.refuse(
        node,
        `The rule can never apply: ${by} always denies.`,
        `remove this rule or narrow ${by}.`,
      );
    } else if (rule.effect === 'oblige' && !cells.some((cell) => allowed.has(cell))) {
      findings.warn(
        node,
        'No allow rule covers what this rule is on.',
        'allow it somewhere, or remove this rule.',
      );
    }
  }
};

/** Notes an approval that the requester's own role gives: another person of that role can, the requester never. */
export const noteOwnApprovals = (findings: Findings, placed: readonly PlacedRule[]): void => {
  for (const { rule, node } of placed) {
    const { approval, roles } = rule;
    if (approval === null || roles === 'any') continue;
    const approvers = rolesNamed(requirementsOf(approval));
    if (approvers.length === 0 || !approvers.every((role) => roles.includes(role))) continue;
    const reason = 'Only roles of the requesters can approve; never the requester in person.';
    findings.warn(node, reason, 'make sure enough other people hold these roles.');
  }
};

/** Requirements of one operation that may give alternatives: votes are counted for each combination of them. */
export const ALTERNATIVES_OF_OPERATION_MAX = 4;

/** Refuses an operation whose approvals could only be counted at length. */
export const checkAlternatives = (findings: Findings, placed: readonly PlacedRule[]): void => {
  const inOperation = new Map<string, number>();
  for (const { rule, node } of placed) {
    const alternatives = rule.approval
      ? requirementsOf(rule.approval).filter(({ or }) => or !== undefined).length
      : 0;
    if (alternatives === 0) continue;
    for (const operation of rule.operations) {
      const before = inOperation.get(operation) ?? 0;
      inOperation.set(operation, before + alternatives);
      if (before <= ALTERNATIVES_OF_OPERATION_MAX && before + alternatives > ALTERNATIVES_OF_OPERATION_MAX)
        findings.refuse(
          node,
          `"${operation}" has more than ${ALTERNATIVES_OF_OPERATION_MAX} requirements with any_of.`,
          'ask for them in fewer rules.',
        );
    }
  }
};

/** Warns of roles and operations that nothing speaks of. */
export const noteUnused = (
  findings: Findings,
  placed: readonly PlacedRule[],
  roleEntries: readonly YamlEntry[],
  operationEntries: readonly YamlEntry[],
): void => {
  const rules = placed.map(({ rule }) => rule);
  const roles = new Set(
    rules.flatMap(({ roles, approval }) => [
      ...(roles === 'any' ? [] : roles),
      ...(approval ? rolesNamed(requirementsOf(approval)) : []),
      ...(approval ? requirementsOf(approval).flatMap(({ escalate }) => escalate?.to ?? []) : []),
      ...(approval?.break_glass ? [...approval.break_glass.roles, ...approval.break_glass.review] : []),
    ]),
  );
  const operations = new Set(rules.flatMap((rule) => rule.operations));
  const anyRole = rules.some((rule) => rule.roles === 'any' && rule.effect === 'allow');
  for (const { key, keyAt } of roleEntries) {
    if (anyRole || roles.has(key)) continue;
    findings.warn(
      keyAt,
      `No rule names the role "${key}"; it may call nothing.`,
      'fine for examiners and operators.',
    );
  }
  for (const { key, keyAt } of operationEntries) {
    if (operations.has(key)) continue;
    findings.warn(
      keyAt,
      `No rule names the operation "${key}"; all of it is denied.`,
      'add a rule, or leave it so.',
    );
  }
};
