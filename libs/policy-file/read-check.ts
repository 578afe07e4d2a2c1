import { parseClock } from '#core/policy/operators/change-window.js';
import { parseRange } from '#core/policy/operators/cidr.js';
import { canonicalDecimal } from '#core/policy/operators/decimal.js';
import { canonicalFolder } from '#core/policy/operators/folder.js';
import { GLOB_CHARS_MAX } from '#core/policy/operators/glob.js';
import { type PolicyCheck, type PolicyScalar, WEEKDAYS } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { fieldsOf, integerOf, knownOf, knownSetOf, listOf, textOf, textSetOf } from './read-node.js';
import { describeNode, type YamlNode } from './yaml-node.js';

export const IN_ITEMS_MAX = 1000;
const SIZE_MAX = 999_999_999;

/** Plain decimal text of a YAML number, or of quoted text such as "10000.50"; the same value gives the same text. */
const readDecimal = (findings: Findings, node: YamlNode): string | undefined => {
  const source = node.kind === 'number' ? node.source : node.kind === 'text' ? node.value : undefined;
  const decimal = source === undefined ? undefined : canonicalDecimal(source);
  if (decimal !== undefined) return decimal;
  const reason = `Expected a number in plain decimal digits, found ${describeNode(node)}.`;
  findings.refuse(
    node,
    reason,
    'write it like 10000 or 10000.50: no exponent, no leading zero, no separators.',
  );
  return undefined;
};

const readScalar = (findings: Findings, node: YamlNode): PolicyScalar | undefined => {
  if (node.kind === 'text') return node.value;
  if (node.kind === 'boolean') return node.value;
  if (node.kind === 'number') {
    const decimal = readDecimal(findings, node);
    return decimal === undefined ? undefined : { decimal };
  }
  const reason = `Expected a text, a number, true or false, found ${describeNode(node)}.`;
  findings.refuse(node, reason, 'write one value; use "in:" for several.');
  return undefined;
};

const scalarKey = (value: PolicyScalar): string =>
  typeof value === 'object' ? `n${value.decimal}` : `${typeof value === 'string' ? 's' : 'b'}${value}`;

/** All of one type: a mixed list would leave every value of the other type unknown. */
const readIn = (findings: Findings, node: YamlNode): PolicyCheck | undefined => {
  const items = listOf(findings, node, 'a list of values', IN_ITEMS_MAX);
  if (items === undefined) return undefined;
  const values = new Map<string, PolicyScalar>();
  for (const item of items) {
    const value = readScalar(findings, item);
    if (value === undefined) return undefined;
    const key = scalarKey(value);
    const [first = key] = values.keys();
    if (first[0] !== key[0]) {
      findings.refuse(item, 'The list mixes types.', 'keep only texts, only numbers or only booleans.');
      return undefined;
    }
    if (values.has(key)) findings.refuse(item, `${describeNode(item)} is in the list twice.`, 'remove one.');
    values.set(key, value);
  }
  return { op: 'in', values: [...values.keys()].sort().flatMap((key) => values.get(key) ?? []) };
};

const readSize = (findings: Findings, node: YamlNode): PolicyCheck | undefined => {
  const fields = fieldsOf(findings, node, 'size', { required: [], optional: ['min', 'max'] });
  if (fields === undefined) return undefined;
  const bound = (key: string): number | null | undefined => {
    const entry = fields.get(key);
    return entry === undefined ? null : integerOf(findings, entry.value, { min: 0, max: SIZE_MAX });
  };
  const [min, max] = [bound('min'), bound('max')];
  if (min === undefined || max === undefined) return undefined;
  if (fields.size === 0) findings.refuse(node, 'size has neither min nor max.', 'add one of them.');
  else if (max !== null && (min ?? 0) > max) {
    findings.refuse(node, 'min is greater than max.', 'swap or correct the bounds.');
  } else return { op: 'size', min: min ?? 0, max };
  return undefined;
};

const readWithin = (findings: Findings, node: YamlNode): PolicyCheck | undefined => {
  const text = textOf(findings, node, 'a folder such as /srv/exports');
  if (text === undefined) return undefined;
  const folder = canonicalFolder(text);
  if (folder !== undefined) return { op: 'within', folder };
  findings.refuse(
    node,
    `"${text}" is not a plain folder.`,
    'use "/" between names; no "..", "%", "~", ":" or "\\".',
  );
  return undefined;
};

const readCidr = (findings: Findings, node: YamlNode): PolicyCheck | undefined => {
  const ranges = textSetOf(findings, node, 'a list of address ranges', (text, item) => {
    if (parseRange(text) !== undefined) return true;
    const next = 'write 10.0.0.0/8 or 2001:db8::/32; the bits behind the prefix must be zero.';
    findings.refuse(item, `"${text}" is not an address range.`, next);
    return false;
  });
  return ranges && { op: 'cidr', ranges };
};

const readChangeWindow = (findings: Findings, node: YamlNode): PolicyCheck | undefined => {
  const fields = fieldsOf(findings, node, 'changeWindow', { required: ['days', 'from', 'to', 'timeZone'] });
  if (fields === undefined) return undefined;
  const clock = (key: string): string | undefined => {
    const entry = fields.get(key);
    const text = entry && textOf(findings, entry.value, 'a time such as "22:00"');
    if (entry === undefined || text === undefined) return undefined;
    if (parseClock(text) !== undefined && !(key === 'from' && text === '24:00')) return text;
    findings.refuse(
      entry.value,
      `"${text}" is not a time of day.`,
      'write "22:00", in quotes, 24-hour clock.',
    );
    return undefined;
  };
  const days = fields.get('days');
  const zone = fields.get('timeZone');
  const chosen = days && knownSetOf(findings, days.value, 'day', WEEKDAYS);
  const timeZone = zone && knownOf(findings, zone.value, 'time zone', ['UTC'] as const);
  const [from, to] = [clock('from'), clock('to')];
  if (chosen === undefined || timeZone === undefined || from === undefined || to === undefined)
    return undefined;
  if (from === to) {
    findings.refuse(
      node,
      'The window is empty: from equals to.',
      'write "00:00" to "24:00" for the whole day.',
    );
    return undefined;
  }
  return { op: 'changeWindow', days: WEEKDAYS.filter((day) => chosen.includes(day)), from, to, timeZone };
};

type ReadCheck = (findings: Findings, node: YamlNode) => PolicyCheck | undefined;

const order = (op: 'lt' | 'lte' | 'gt' | 'gte'): ReadCheck => {
  return (findings, node) => {
    const value = readDecimal(findings, node);
    return value === undefined ? undefined : { op, value };
  };
};

const exactText = (op: 'startsWith' | 'glob', chars_max: number): ReadCheck => {
  return (findings, node) => {
    if (textOf(findings, node, 'a text', chars_max) === undefined || node.kind !== 'text') return undefined;
    return { op, value: node.value };
  };
};

/** The operators of semantics 1 and how each operand is written. */
export const READ_CHECK: { readonly [op in PolicyCheck['op']]: ReadCheck } = {
  eq: (findings, node) => {
    const value = readScalar(findings, node);
    return value === undefined ? undefined : { op: 'eq', value };
  },
  in: readIn,
  lt: order('lt'),
  lte: order('lte'),
  gt: order('gt'),
  gte: order('gte'),
  size: readSize,
  startsWith: exactText('startsWith', 1000),
  glob: exactText('glob', GLOB_CHARS_MAX),
  within: readWithin,
  cidr: readCidr,
  changeWindow: readChangeWindow,
};
