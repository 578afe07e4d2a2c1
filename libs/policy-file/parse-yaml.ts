import { Composer, CST, isMap, isScalar, isSeq, LineCounter, Parser } from 'yaml';
import type { Findings, Located } from './problems.js';
import type { YamlEntry, YamlNode } from './yaml-node.js';

export const POLICY_CHARS_MAX = 1024 * 1024;
export const YAML_DEPTH_MAX = 32;

type At = (offset: number, path: string) => Located;

/** What one reader of the file could see and another not, or see otherwise. */
const TRICKS: { readonly [type: string]: readonly [reason: string, next: string] } = {
  anchor: ['Anchors are not allowed.', 'write the value out where it is used.'],
  alias: ['Aliases are not allowed.', 'write the value out here.'],
  tag: ['Tags are not allowed.', 'remove it; quote the value if it must be text.'],
  directive: ['Directives are not allowed.', 'remove it; policies are YAML 1.2.'],
};

/**
 * One YAML 1.2 core document as a tree of located nodes. Refused, each with its place: anchors, aliases, tags,
 * directives, merge keys, more documents, keys that are not text, duplicate keys, broken Unicode, more than
 * POLICY_CHARS_MAX characters or YAML_DEPTH_MAX levels. Undefined when something was refused.
 */
export const parseYaml = (text: string, findings: Findings): YamlNode | undefined => {
  const start = { line: 1, column: 1, path: '' };
  if (text.length > POLICY_CHARS_MAX) {
    findings.refuse(start, `The file is over ${POLICY_CHARS_MAX} characters.`, 'split the policy.');
    return undefined;
  }
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const at: At = (offset, path) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), path };
  };
  // Before anything is composed: composing is recursive, and it would follow the tricks.
  if (!scanTokens(tokens, at, findings)) return undefined;
  const [document] = new Composer({ uniqueKeys: false, logLevel: 'silent' }).compose(
    tokens,
    true,
    text.length,
  );
  for (const error of document?.errors ?? []) {
    const reason = `This is not YAML: ${error.message}${error.message.endsWith('.') ? '' : '.'}`;
    findings.refuse(at(error.pos[0], ''), reason, 'fix the syntax or the indentation here.');
  }
  if (document === undefined || findings.problems.length > 0) return undefined;
  const tree = convert(document.contents, start, at, findings);
  return findings.problems.length > 0 ? undefined : tree;
};

/** False when the tokens must not be composed. */
const scanTokens = (tokens: readonly CST.Token[], at: At, findings: Findings): boolean => {
  const before = findings.problems.length;
  const documents = tokens.filter((token) => token.type === 'document');
  for (const extra of documents.slice(1)) {
    findings.refuse(at(extra.offset, ''), 'There is a second document.', 'keep one policy in one file.');
  }
  for (const token of tokens) scanToken(token, 0, at, findings);
  return findings.problems.length === before;
};

const scanToken = (token: unknown, depth: number, at: At, findings: Findings): void => {
  if (Array.isArray(token)) {
    for (const item of token) scanToken(item, depth, at, findings);
    return;
  }
  if (typeof token !== 'object' || token === null) return;
  const { type, offset } = token as { type?: unknown; offset?: unknown };
  const below = CST.isCollection(token as CST.Token) ? depth + 1 : depth;
  if (typeof type === 'string' && typeof offset === 'number') {
    const trick = Object.hasOwn(TRICKS, type) ? TRICKS[type] : undefined;
    if (trick) findings.refuse(at(offset, ''), trick[0], trick[1]);
    if (below > YAML_DEPTH_MAX) {
      findings.refuse(at(offset, ''), `More than ${YAML_DEPTH_MAX} levels deep.`, 'write it flatter.');
      return;
    }
  }
  for (const part of Object.values(token)) scanToken(part, below, at, findings);
};

/** `place` is where the node is, should it have no place of its own (nothing behind a colon). */
const convert = (node: unknown, place: Located, at: At, findings: Findings): YamlNode => {
  const offset = (node as { range?: readonly number[] } | null)?.range?.[0];
  const here = offset === undefined ? place : at(offset, place.path);
  if (isMap(node)) return { ...here, kind: 'map', entries: convertPairs(node.items, here, at, findings) };
  if (isSeq(node)) {
    const items = node.items.map((item, index) => {
      return convert(item, { ...here, path: `${here.path}[${index}]` }, at, findings);
    });
    return { ...here, kind: 'list', items };
  }
  if (!isScalar(node) || node.value === null) return { ...place, kind: 'empty' };
  if (typeof node.value === 'boolean') return { ...here, kind: 'boolean', value: node.value };
  if (typeof node.value === 'number') return { ...here, kind: 'number', source: node.source ?? '' };
  const value = String(node.value);
  if (!value.isWellFormed()) findings.refuse(here, 'This is not Unicode text.', 'remove the lone surrogate.');
  return { ...here, kind: 'text', value };
};

const convertPairs = (
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  map: Located,
  at: At,
  findings: Findings,
): readonly YamlEntry[] => {
  const firsts = new Map<string, Located>();
  return pairs.flatMap((pair) => {
    const key = isScalar(pair.key) ? pair.key.value : undefined;
    const offset = (pair.key as { range?: readonly number[] } | null)?.range?.[0];
    const keyAt = (path: string): Located => (offset === undefined ? { ...map, path } : at(offset, path));
    if (typeof key !== 'string') {
      findings.refuse(keyAt(map.path), 'A key must be text.', 'quote the key.');
      return [];
    }
    const place = keyAt(map.path === '' ? key : `${map.path}.${key}`);
    const first = firsts.get(key);
    firsts.set(key, first ?? place);
    if (key === '<<') findings.refuse(place, 'Merge keys are not allowed.', 'write the fields out here.');
    if (!key.isWellFormed())
      findings.refuse(place, 'This is not Unicode text.', 'remove the lone surrogate.');
    if (first)
      findings.refuse(place, `"${key}" is here twice, first on line ${first.line}.`, 'keep one of them.');
    return [{ key, keyAt: place, value: convert(pair.value, place, at, findings) }];
  });
};
