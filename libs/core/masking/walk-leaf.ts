import type { Unscannable } from '../policy/policy.types.js';
import { readDigitChain } from './digit-chain.js';
import { decodeString, encodeString } from './json-string.js';
import { ESCAPED_STRING, endOf, startOf, typeOf } from './json-tape.js';
import {
  applyEdits,
  blockedMark,
  type Document,
  isMark,
  type MaskingRun,
  markOf,
  newDocument,
} from './masking-run.js';
import { noteFinding } from './note-finding.js';
import { panGroups } from './pan.js';
import { isPlausible } from './plausible.js';
import type { Rule } from './rule.js';
import { scanText } from './scan-text.js';
import { remember } from './text-scan.js';

export const rawOf = (run: MaskingRun, { text }: Document, node: number): string =>
  text.slice(startOf(run.tape, node), endOf(run.tape, node));

/** The value of a string node. */
export const stringAt = (run: MaskingRun, document: Document, node: number): string => {
  if (typeOf(run.tape, node) !== ESCAPED_STRING) return rawOf(run, document, node);
  return decodeString(document.text, startOf(run.tape, node), endOf(run.tape, node), document.strict);
};

/** Masks a text that is not a string of a document as it stands: decoded, or a blob. @returns the new text. */
export const maskDecoded = (run: MaskingRun, text: string): string => {
  const inner = newDocument(run, text, false);
  scanText(run, inner, 0, text.length, false);
  return inner.edits.length === 0 ? text : applyEdits(inner);
};

const replaceString = (run: MaskingRun, document: Document, node: number, text: string): void => {
  document.edits.push({ start: startOf(run.tape, node), end: endOf(run.tape, node), text });
};

/** Replaces a string that cannot be scanned, if the profile says so. @returns whether it did. */
export const blockString = (
  run: MaskingRun,
  document: Document,
  node: number,
  what: Unscannable,
): boolean => {
  if (run.profile.unscannable[what] === 'keep') return false;
  replaceString(run, document, node, blockedMark(what));
  noteFinding(run, run.place, 'UNSCANNABLE', 'structure', 1);
  return true;
};

export const maskString = (
  run: MaskingRun,
  document: Document,
  node: number,
  rule: Rule | undefined,
): void => {
  const start = startOf(run.tape, node);
  const end = endOf(run.tape, node);
  if (start === end) return;
  if (end - start > run.limits.leaf_chars_max) {
    // Kept means kept: the policy lets it pass unread. The second gate still looks.
    blockString(run, document, node, 'over-limit');
    return;
  }
  const escaped = typeOf(run.tape, node) === ESCAPED_STRING;
  if (!rule && !escaped) {
    scanText(run, document, start, end, true);
    return;
  }
  const value = stringAt(run, document, node);
  if (isMark(value)) return;
  if (rule && isPlausible(rule, value)) {
    remember(run, value, rule.kind, rule.evidence);
    replaceString(run, document, node, markOf(rule.kind));
    noteFinding(run, run.place, rule.kind, rule.evidence, 1);
  } else if (escaped) {
    const masked = maskDecoded(run, value);
    if (masked !== value) replaceString(run, document, node, encodeString(masked, document.strict));
  } else scanText(run, document, start, end, true);
};

/** The digits a number stands for: `523968051`, `523968051.0` and `5.23968051e8` are one number. */
const digitsOf = (raw: string): string | undefined => {
  const plain = raw.startsWith('-') ? raw.slice(1) : raw;
  if (!/[.eE]/.test(plain)) return plain;
  const value = Number(plain);
  return Number.isSafeInteger(value) ? String(value) : undefined;
};

const PAN_DIGITS_MIN = 13;
/** Smaller numbers under a sensitive key are flags and counts. */
const RULE_DIGITS_MIN = 4;

const ruleOfNumber = (run: MaskingRun, raw: string, rule: Rule | undefined): Rule | undefined => {
  if (
    rule &&
    raw.length >= RULE_DIGITS_MIN &&
    rule.kind !== 'PERSON' &&
    rule.kind !== 'EMAIL' &&
    isPlausible(rule, raw)
  )
    return rule;
  if (!run.active.PAN && !run.known) return undefined;
  const digits = digitsOf(raw);
  if (digits === undefined) return undefined;
  const known = run.known?.rules.get(raw) ?? run.known?.rules.get(digits);
  if (known || digits.length < PAN_DIGITS_MIN || !run.active.PAN) return known;
  readDigitChain(run.chain, digits, 0, digits.length);
  const isPan = panGroups(run.chain, 0, digits, digits.length, run.idLike) === 1;
  return isPan ? { kind: 'PAN', strong: true, evidence: 'structure' } : undefined;
};

/** A masked number becomes a string. */
export const maskNumber = (
  run: MaskingRun,
  document: Document,
  node: number,
  rule: Rule | undefined,
): void => {
  const start = startOf(run.tape, node);
  const end = endOf(run.tape, node);
  if (end - start < RULE_DIGITS_MIN) return;
  const raw = rawOf(run, document, node);
  const found = ruleOfNumber(run, raw, rule);
  if (!found) return;
  if (found.evidence !== 'structure') remember(run, raw, found.kind, found.evidence);
  document.edits.push({ start, end, text: document.quote + markOf(found.kind) + document.quote });
  noteFinding(run, run.place, found.kind, found.evidence, 1);
};
