import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import {
  canonicalDecimal,
  compareDecimals,
  decimalOfNumber,
  parseDecimal,
} from '#core/policy/operators/decimal.js';
import type { Findings } from './problems.js';
import { mapOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

/** The arguments and claims of a test. Numbers must be exact in JSON as RFC 8785 writes it. */
export const readJson = (findings: Findings, node: YamlNode): Json => {
  switch (node.kind) {
    case 'map':
      return readEntries(findings, node);
    case 'list':
      return node.items.map((item) => readJson(findings, item));
    case 'number':
      return readNumber(findings, node, node.source);
    case 'empty':
      return null;
    default:
      return node.value;
  }
};

export const readJsonObject = (findings: Findings, node: YamlNode, expected: string): JsonObject =>
  mapOf(findings, node, expected) ? (readJson(findings, node) as JsonObject) : {};

// Object.fromEntries defines own properties, also for a key such as __proto__.
const readEntries = (findings: Findings, node: YamlNode & { kind: 'map' }): JsonObject =>
  Object.fromEntries(node.entries.map(({ key, value }) => [key, readJson(findings, value)]));

const readNumber = (findings: Findings, node: YamlNode, source: string): number => {
  const exact = parseDecimal(canonicalDecimal(source) ?? '');
  const value = Number(source);
  const rounded = decimalOfNumber(value);
  const isExact = exact !== undefined && rounded !== undefined && compareDecimals(exact, rounded) === 0;
  const isSafe = !Number.isInteger(value) || Number.isSafeInteger(value);
  if (isExact && isSafe) return Object.is(value, -0) ? 0 : value;
  findings.refuse(
    node,
    `JSON cannot hold ${source} exactly.`,
    'write plain decimal digits, or quote it as text.',
  );
  return 0;
};
