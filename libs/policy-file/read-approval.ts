import {
  type Requirement,
  requirementText,
  rolesNamed,
  type Share,
  sharesOf,
} from '#core/approval/requirement.js';
import type { ApprovalDemand } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { readBreakGlass } from './read-break-glass.js';
import { readDuration } from './read-duration.js';
import { readGrant } from './read-grant.js';
import { booleanOf, fieldsOf, integerOf, knownSetOf, listOf } from './read-node.js';
import type { YamlEntry, YamlNode } from './yaml-node.js';

export const EXPIRES_S_DEFAULT = 30 * 60;
/** People that one rule may ask for, over all its requirements. */
export const APPROVALS_MAX = 10;
/** Ways to meet one requirement: each multiplies the work of counting votes. */
export const ALTERNATIVES_MAX = 4;

type Fields = ReadonlyMap<string, YamlEntry>;
const FORMS = ['by', 'any_of', 'all_of'] as const;

/** `approval:` of a rule. Null when it is too wrong to be looked at together with others. */
export const readApproval = (
  findings: Findings,
  node: YamlNode,
  roles: readonly string[],
): ApprovalDemand | null => {
  const fields = fieldsOf(findings, node, 'the approval', {
    required: [],
    optional: [...FORMS, 'count', 'escalate', 'distinct', 'expires', 'break_glass', 'grant'],
  });
  const form = fields && formOf(findings, node, fields, FORMS);
  if (fields === undefined || form === undefined) return null;
  const allOf = fields.get('all_of');
  const requirements = allOf
    ? readAllOf(findings, allOf.value, roles)
    : [readRequirement(findings, fields, roles)];
  const [first, ...and] = requirements;
  const expires = fields.get('expires');
  const shared = isShared(findings, fields);
  const scope = fields.get('grant');
  const grant = scope && readGrant(findings, scope.value);
  const emergency = fields.get('break_glass');
  const break_glass = emergency && readBreakGlass(findings, emergency.value, roles);
  if (first === undefined) return null;
  const expires_s = (expires && readDuration(findings, expires.value)) ?? EXPIRES_S_DEFAULT;
  if (requirements.some(({ escalate }) => escalate && escalate.after_s >= expires_s))
    findings.refuse(node, 'It expires before it escalates.', 'escalate earlier, or let it expire later.');
  return {
    ...first,
    expires_s,
    ...(and.length > 0 && { and }),
    ...(shared && { distinct: false as const }),
    ...(grant && { grant }),
    ...(break_glass && { break_glass }),
  };
};

/** Exactly one of the ways to say who approves. */
const formOf = <Form extends string>(
  findings: Findings,
  node: YamlNode,
  fields: Fields,
  forms: readonly Form[],
): Form | undefined => {
  const [form, other] = forms.filter((each) => fields.has(each));
  const all = forms.join(', ');
  if (form === undefined)
    findings.refuse(node, 'It is not said who approves.', `add one of: ${all}; for example by: [manager].`);
  else if (other !== undefined)
    findings.refuse(fields.get(other)?.keyAt ?? node, `Both "${form}" and "${other}".`, 'write one of them.');
  const [count, escalate] = [fields.get('count'), fields.get('escalate')];
  if (form !== undefined && form !== 'by' && count)
    findings.refuse(count.keyAt, `"count" goes with "by", not with "${form}".`, `write it in ${form}.`);
  if (form === 'all_of' && escalate)
    findings.refuse(escalate.keyAt, '"escalate" goes with one requirement.', 'write it within all_of.');
  return form;
};

const readShare = (findings: Findings, fields: Fields, roles: readonly string[]): Share => {
  const by = fields.get('by');
  const count = fields.get('count');
  return {
    by: (by && knownSetOf(findings, by.value, 'role', roles)) ?? [],
    count: (count && integerOf(findings, count.value, { min: 1, max: APPROVALS_MAX })) ?? 1,
  };
};

const readRequirement = (findings: Findings, fields: Fields, roles: readonly string[]): Requirement => {
  const requirement = readWays(findings, fields, roles);
  const entry = fields.get('escalate');
  const escalate = entry && readEscalation(findings, entry.value, roles, rolesNamed([requirement]));
  return { ...requirement, ...(escalate && { escalate }) };
};

const readEscalation = (
  findings: Findings,
  node: YamlNode,
  roles: readonly string[],
  before: readonly string[],
): Requirement['escalate'] => {
  const fields = fieldsOf(findings, node, 'the escalation', { required: ['after', 'to'] });
  const [after, to] = [fields?.get('after'), fields?.get('to')];
  const after_s = after && readDuration(findings, after.value);
  const more = to && knownSetOf(findings, to.value, 'role', roles);
  if (to && more?.length && more.every((role) => before.includes(role)))
    findings.refuse(to.value, 'These roles may approve from the start.', 'name others, or remove it.');
  return after_s === undefined || more === undefined ? undefined : { after_s, to: more };
};

const readWays = (findings: Findings, fields: Fields, roles: readonly string[]): Requirement => {
  const anyOf = fields.get('any_of');
  if (anyOf === undefined) return readShare(findings, fields, roles);
  const shares = readItems(findings, anyOf.value, 'ways', (item) => {
    const own = fieldsOf(findings, item, 'the way', { required: ['by'], optional: ['count'] });
    return own ? [{ item, share: readShare(findings, own, roles) }] : [];
  });
  for (const { item, share } of shares) {
    const easier = shares.find((other) => other.share !== share && isEasier(other.share, share));
    if (easier)
      findings.refuse(
        item,
        `This way never matters: ${text(easier.share)} is enough.`,
        'remove one of them.',
      );
  }
  const [first, ...or] = inOrder(shares.map(({ share }) => share));
  if (shares.length > ALTERNATIVES_MAX)
    findings.refuse(anyOf.value, `More than ${ALTERNATIVES_MAX} ways.`, 'put roles together in one "by".');
  if (shares.length === 1) findings.refuse(anyOf.value, 'There is only one way.', 'write by and count.');
  return first === undefined ? { by: [], count: 1 } : { ...first, ...(or.length > 0 && { or }) };
};

const readAllOf = (findings: Findings, node: YamlNode, roles: readonly string[]): readonly Requirement[] => {
  const all = readItems(findings, node, 'requirements', (item) => {
    const fields = fieldsOf(findings, item, 'the requirement', {
      required: [],
      optional: ['by', 'count', 'any_of', 'escalate'],
    });
    if (fields === undefined || formOf(findings, item, fields, ['by', 'any_of']) === undefined) return [];
    return [{ item, requirement: readRequirement(findings, fields, roles) }];
  });
  const seen = new Set<string>();
  for (const { item, requirement } of all) {
    const named = sharesOf(requirement)
      .map(({ by }) => by.join('|'))
      .join(' or ');
    if (seen.has(named))
      findings.refuse(item, `"${named}" is asked twice.`, 'write one with a higher count.');
    seen.add(named);
  }
  if (all.length === 1) findings.refuse(node, 'There is only one requirement.', 'write by and count.');
  const people = all.reduce(
    (sum, { requirement }) => sum + Math.max(...sharesOf(requirement).map(({ count }) => count)),
    0,
  );
  if (people > APPROVALS_MAX)
    findings.refuse(node, `More than ${APPROVALS_MAX} people are asked for.`, 'ask for fewer.');
  return inOrder(all.map(({ requirement }) => requirement));
};

const readItems = <Item>(
  findings: Findings,
  node: YamlNode,
  what: string,
  read: (item: YamlNode) => readonly Item[],
): readonly Item[] => (listOf(findings, node, `a list of ${what}`, APPROVALS_MAX) ?? []).flatMap(read);

/** Whoever meets `hard` meets `easy` as well. Equal ones are easier than each other. */
const isEasier = (easy: Share, hard: Share): boolean =>
  hard.by.length > 0 && easy.count <= hard.count && hard.by.every((role) => easy.by.includes(role));

const text = ({ by, count }: Share): string => requirementText({ by, count });

/** In a policy these lists are sets. */
const inOrder = <Each extends Requirement>(list: readonly Each[]): readonly Each[] =>
  [...list].sort((a, b) => (requirementKey(a) < requirementKey(b) ? -1 : 1));
const requirementKey = (requirement: Requirement): string =>
  `${requirement.by.join('\n')}\n\n${requirementText(requirement)}`;

const isShared = (findings: Findings, fields: Fields): boolean => {
  const entry = fields.get('distinct');
  if (entry === undefined || booleanOf(findings, entry.value) !== false) return false;
  if (fields.has('all_of'))
    findings.warn(
      entry.keyAt,
      'One person who has all the roles can approve alone.',
      'remove "distinct" for four eyes.',
    );
  return true;
};
