import type { PolicyBundle, PolicyRule } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { readApproval } from './read-approval.js';
import { readConditions } from './read-conditions.js';
import { fieldsOf, isName, knownOf, knownSetOf, listOf, NAME_HINT, textOf } from './read-node.js';
import type { YamlEntry, YamlNode } from './yaml-node.js';

/** What rules may refer to. */
export type Vocabulary = Pick<PolicyBundle, 'roles' | 'operations' | 'masking'>;

/** A rule and its place, for the checks that look at all rules together. */
export interface PlacedRule {
  readonly rule: PolicyRule;
  readonly node: YamlNode;
}

type Fields = ReadonlyMap<string, YamlEntry>;
const VERBS = { allow: 'allow', deny: 'deny', on: 'oblige' } as const;
type Verb = keyof typeof VERBS;

/** `rules:` in file order. A rule with a problem is still returned, so that what names it is not reported as well. */
export const readRules = (findings: Findings, node: YamlNode, words: Vocabulary): readonly PlacedRule[] => {
  const lines = new Map<string, number>();
  return (listOf(findings, node, 'a list of rules') ?? []).flatMap((item) => {
    const fields = fieldsOf(findings, item, 'the rule', {
      required: ['id', 'says', 'roles'],
      optional: ['allow', 'deny', 'on', 'when', 'approval', 'mask'],
    });
    if (fields === undefined) return [];
    return [{ rule: readRule(findings, item, fields, words, lines), node: item }];
  });
};

const readRule = (
  findings: Findings,
  node: YamlNode,
  fields: Fields,
  words: Vocabulary,
  lines: Map<string, number>,
): PolicyRule => {
  const says = fields.get('says');
  const roles = fields.get('roles');
  const when = fields.get('when');
  const approval = fields.get('approval');
  const mask = fields.get('mask');
  const { effect, operations } = readEffect(findings, node, fields, words);
  return {
    id: readId(findings, fields.get('id'), lines),
    says: (says && textOf(findings, says.value, 'the rule in a sentence')) ?? '',
    roles: (roles && readRuleRoles(findings, roles.value, words)) ?? [],
    effect,
    operations,
    when: when ? readConditions(findings, when.value) : [],
    approval: approval ? readApproval(findings, approval.value, Object.keys(words.roles)) : null,
    mask: (mask && knownOf(findings, mask.value, 'masking profile', Object.keys(words.masking))) ?? null,
  };
};

const readId = (findings: Findings, entry: YamlEntry | undefined, lines: Map<string, number>): string => {
  const id = entry && textOf(findings, entry.value, 'an id');
  if (entry === undefined || id === undefined) return '';
  const line = lines.get(id);
  lines.set(id, line ?? entry.value.line);
  if (!isName(id)) findings.refuse(entry.value, `"${id}" is not a rule id.`, NAME_HINT);
  if (id === 'masked') findings.refuse(entry.value, '"masked" is a word of "expect:".', 'choose another id.');
  if (line !== undefined) {
    findings.refuse(
      entry.value,
      `The id "${id}" is taken by the rule on line ${line}.`,
      'give each rule its own id.',
    );
  }
  return id;
};

const readRuleRoles = (
  findings: Findings,
  node: YamlNode,
  words: Vocabulary,
): PolicyRule['roles'] | undefined => {
  if (node.kind === 'text' && node.value === 'any') return 'any';
  if (node.kind === 'list') return knownSetOf(findings, node, 'role', Object.keys(words.roles));
  findings.refuse(node, 'Expected a list of roles, or any.', 'write roles: [name] or roles: any.');
  return undefined;
};

const readEffect = (
  findings: Findings,
  node: YamlNode,
  fields: Fields,
  words: Vocabulary,
): Pick<PolicyRule, 'effect' | 'operations'> => {
  const verbs = (Object.keys(VERBS) as Verb[]).filter((verb) => fields.has(verb));
  const [verb = 'deny'] = verbs;
  if (verbs.length === 0) {
    findings.refuse(
      node,
      'The rule does not say what it does.',
      'add allow, deny, or on with an approval or mask.',
    );
  }
  for (const other of verbs.slice(1)) {
    const at = fields.get(other)?.keyAt ?? node;
    findings.refuse(at, `The rule has both "${verb}" and "${other}".`, 'write two rules.');
  }
  checkObligations(findings, node, fields, verb);
  const operations = verbs.map((name) => {
    const entry = fields.get(name);
    return entry && knownSetOf(findings, entry.value, 'operation', Object.keys(words.operations));
  });
  return { effect: VERBS[verb], operations: operations[0] ?? [] };
};

const checkObligations = (findings: Findings, node: YamlNode, fields: Fields, verb: Verb): void => {
  const [approval, mask] = [fields.get('approval'), fields.get('mask')];
  if (verb === 'on' && !approval && !mask) {
    findings.refuse(
      node,
      'A rule with "on" changes nothing without an approval or mask.',
      'add one of them.',
    );
  }
  if (verb !== 'deny' || !fields.has('deny')) return;
  for (const entry of [approval, mask]) {
    if (entry) findings.refuse(entry.keyAt, `A deny rule takes no "${entry.key}".`, 'remove it.');
  }
};
