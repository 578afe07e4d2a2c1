import type { Findings } from './problems.js';
import { describeNode, type YamlEntry, type YamlList, type YamlMap, type YamlNode } from './yaml-node.js';

export const NAME_CHARS_MAX = 64;
const NAME = /^[A-Za-z][A-Za-z0-9._-]*$/;
export const TEXT_CHARS_MAX = 500;
/** Control, zero-width and bidirectional characters: they make a text read otherwise than it is stored. */
const HIDDEN = /[\p{Cc}\u061C\u200B-\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/u;

/** Names of roles, operations, rules and profiles: a letter, then letters, digits, `.`, `_`, `-`; at most 64. */
export const isName = (text: string): boolean => text.length <= NAME_CHARS_MAX && NAME.test(text);

const wrongType = (findings: Findings, node: YamlNode, expected: string): undefined => {
  findings.refuse(node, `Expected ${expected}, found ${describeNode(node)}.`, `write ${expected} here.`);
  return undefined;
};

export const mapOf = (findings: Findings, node: YamlNode, expected: string): YamlMap | undefined =>
  node.kind === 'map' ? node : wrongType(findings, node, expected);

/** A map whose keys are all known; reports each unknown and each missing one. */
export const fieldsOf = (
  findings: Findings,
  node: YamlNode,
  expected: string,
  keys: { readonly required: readonly string[]; readonly optional?: readonly string[] },
): ReadonlyMap<string, YamlEntry> | undefined => {
  const map = mapOf(findings, node, expected);
  if (map === undefined) return undefined;
  const known = [...keys.required, ...(keys.optional ?? [])];
  const fields = new Map<string, YamlEntry>();
  for (const entry of map.entries) {
    if (known.includes(entry.key)) fields.set(entry.key, entry);
    else findings.refuse(entry.keyAt, `Unknown key "${entry.key}".`, suggest(entry.key, known));
  }
  for (const key of keys.required) {
    if (!fields.has(key)) findings.refuse(map, `"${key}" is missing.`, `add "${key}:" to ${expected}.`);
  }
  return fields;
};

/** The named things of a map (roles, operations, profiles), at least one. */
export const namedEntriesOf = (
  findings: Findings,
  node: YamlNode,
  expected: string,
): readonly YamlEntry[] => {
  const map = mapOf(findings, node, expected);
  if (map === undefined) return [];
  if (map.entries.length === 0) findings.refuse(map, 'This map is empty.', `write ${expected} here.`);
  return map.entries.filter((entry) => checkName(findings, entry));
};

const checkName = (findings: Findings, entry: YamlEntry): boolean => {
  if (isName(entry.key)) return true;
  findings.refuse(entry.keyAt, `"${entry.key}" is not a name.`, NAME_HINT);
  return false;
};
export const NAME_HINT = `start with a letter, go on with letters, digits, ".", "_" or "-"; at most ${NAME_CHARS_MAX}.`;

export const listOf = (
  findings: Findings,
  node: YamlNode,
  expected: string,
  items_max = 10_000,
): YamlList['items'] | undefined => {
  if (node.kind !== 'list') return wrongType(findings, node, expected);
  if (node.items.length === 0) findings.refuse(node, 'This list is empty.', `write ${expected} here.`);
  if (node.items.length > items_max) findings.refuse(node, `More than ${items_max} items.`, 'write fewer.');
  return node.items.length > 0 && node.items.length <= items_max ? node.items : undefined;
};

/** One line of visible text, 1 to `chars_max` characters; blanks around it are dropped. */
export const textOf = (
  findings: Findings,
  node: YamlNode,
  expected: string,
  chars_max = TEXT_CHARS_MAX,
): string | undefined => {
  if (node.kind !== 'text') {
    const hint = node.kind === 'number' || node.kind === 'boolean' ? `${expected}, in quotes` : expected;
    return wrongType(findings, node, hint);
  }
  const text = node.value.trim();
  if (text === '') findings.refuse(node, 'This text is empty.', `write ${expected} here.`);
  else if (text.length > chars_max)
    findings.refuse(node, `Longer than ${chars_max} characters.`, 'shorten it.');
  else if (HIDDEN.test(text)) {
    findings.refuse(node, 'The text has line breaks or invisible characters.', 'write one plain line.');
  } else return text;
  return undefined;
};

/**
 * A list of distinct texts, sorted: in a policy such lists are sets. `check` returns false when it has complained. What
 * is good in a list with problems is returned, so that nothing else is reported only because of them.
 */
export const textSetOf = (
  findings: Findings,
  node: YamlNode,
  expected: string,
  check: (text: string, node: YamlNode) => boolean = () => true,
  chars_max = TEXT_CHARS_MAX,
): readonly string[] | undefined => {
  const items = listOf(findings, node, expected);
  if (items === undefined) return undefined;
  const texts = new Set<string>();
  for (const item of items) {
    const text = textOf(findings, item, 'a text', chars_max);
    if (text === undefined) continue;
    if (texts.has(text)) findings.refuse(item, `"${text}" is in the list twice.`, 'remove one of them.');
    else if (check(text, item)) texts.add(text);
  }
  return [...texts].sort();
};

/** A list of distinct names out of a known set. */
export const knownSetOf = <Name extends string>(
  findings: Findings,
  node: YamlNode,
  what: string,
  known: readonly Name[],
): readonly Name[] | undefined => {
  const isKnown = (text: string, item: YamlNode): boolean => checkKnown(findings, item, what, text, known);
  return textSetOf(findings, node, `a list of ${what}s`, isKnown) as readonly Name[] | undefined;
};

/** One name out of a known set. */
export const knownOf = <Name extends string>(
  findings: Findings,
  node: YamlNode,
  what: string,
  known: readonly Name[],
): Name | undefined => {
  const text = textOf(findings, node, `a ${what}`);
  if (text === undefined || !checkKnown(findings, node, what, text, known)) return undefined;
  return text as Name;
};

const checkKnown = (
  findings: Findings,
  node: YamlNode,
  what: string,
  text: string,
  known: readonly string[],
): boolean => {
  if (known.includes(text)) return true;
  findings.refuse(node, `Unknown ${what} "${text}".`, suggest(text, known));
  return false;
};

export const integerOf = (
  findings: Findings,
  node: YamlNode,
  bounds: { readonly min: number; readonly max: number },
): number | undefined => {
  const expected = `a whole number from ${bounds.min} to ${bounds.max}`;
  if (node.kind !== 'number' || !/^(0|[1-9][0-9]{0,8})$/.test(node.source)) {
    return wrongType(findings, node, expected);
  }
  const value = Number(node.source);
  return value >= bounds.min && value <= bounds.max ? value : wrongType(findings, node, expected);
};

export const booleanOf = (findings: Findings, node: YamlNode): boolean | undefined =>
  node.kind === 'boolean' ? node.value : wrongType(findings, node, 'true or false');

/** What to write instead of a name that is not known: the nearest one, or the whole choice. */
export const suggest = (word: string, known: readonly string[]): string => {
  const near = known.map((name) => ({ name, distance: editDistance(word, name) }));
  const [best] = near.sort((a, b) => a.distance - b.distance);
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 4))) {
    return `did you mean "${best.name}"?`;
  }
  if (known.length === 0) return 'none is defined; define it first.';
  return `use one of: ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', ...' : ''}.`;
};

/** Levenshtein distance; words of very different length are simply far apart. */
const editDistance = (a: string, b: string): number => {
  if (Math.abs(a.length - b.length) > 8 || a.length > NAME_CHARS_MAX) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};
