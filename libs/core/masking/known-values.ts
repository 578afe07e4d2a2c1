import { isWordAt } from './characters.js';
import type { Rule } from './rule.js';

/** Shorter values stand in too many places by chance. Longer ones are prose that nobody repeats exactly. */
const VALUE_CHARS_MIN = 6;
export const VALUE_CHARS_MAX = 128;
const PLACEHOLDER_CHARS_MAX = 14;
/** Stand in fields for people and places and mean nobody. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  'unknown',
  'not available',
  'not provided',
  'not applicable',
  'anonymous',
  'redacted',
  'undefined',
  'pending',
  'default',
]);

export const isWorthKnowing = (value: string): boolean =>
  value.length >= VALUE_CHARS_MIN &&
  value.length <= VALUE_CHARS_MAX &&
  (value.length > PLACEHOLDER_CHARS_MAX || !PLACEHOLDERS.has(value.toLowerCase()));

/** Edges of the tree: an open-addressing table from (state, code unit) to state. 0 is the root, so 0 = no edge. */
interface Edges {
  readonly source: Int32Array;
  readonly code: Int32Array;
  readonly target: Int32Array;
}

/**
 * Finds many values at once (Aho and Corasick 1975): time is linear in the text whatever the values are, so nobody
 * can slow masking down by repeating names.
 */
interface Automaton {
  readonly edges: Edges;
  readonly fail: Int32Array;
  /** Length of the value that ends in this state, or 0. */
  readonly length: Int32Array;
  /** The longest proper suffix of this state that ends a value, or 0. */
  readonly shorter: Int32Array;
  readonly ruleAt: readonly (Rule | undefined)[];
}

export interface KnownValues {
  readonly rules: ReadonlyMap<string, Rule>;
  /** What could be part of a value, by hashes of a few code units: bits STARTS, INSIDE and BEGINNING. */
  readonly hints: Uint8Array;
  /** Built when a text first holds the beginning of a value; most texts never do. */
  automaton: Automaton | undefined;
}

const slotOf = ({ source, code, target }: Edges, state: number, unit: number): number => {
  const mask = target.length - 1;
  let mixed = Math.imul(state + 1, 0x9e3779b1) ^ Math.imul(unit + 1, 0x85ebca6b);
  mixed ^= mixed >>> 15;
  let slot = mixed & mask;
  while (target[slot] !== 0 && (source[slot] !== state || code[slot] !== unit)) slot = (slot + 1) & mask;
  return slot;
};

const follow = (edges: Edges, state: number, unit: number): number =>
  edges.target[slotOf(edges, state, unit)] as number;

const newEdges = (chars: number): Edges => {
  let slots = 64;
  while (slots < chars * 2) slots *= 2;
  return { source: new Int32Array(slots), code: new Int32Array(slots), target: new Int32Array(slots) };
};

/** The longest proper suffix of a new state, child of `parent`, that is a state too. */
const failureOf = (edges: Edges, fail: Int32Array, parent: number, unit: number): number => {
  let at = parent;
  let target = 0;
  while (at !== 0 && target === 0) {
    at = fail[at] as number;
    target = follow(edges, at, unit);
  }
  return target;
};

const buildAutomaton = (rules: ReadonlyMap<string, Rule>): Automaton => {
  let chars = 0;
  for (const value of rules.keys()) chars += value.length;
  const edges = newEdges(chars);
  const fail = new Int32Array(chars + 1);
  const length = new Int32Array(chars + 1);
  const shorter = new Int32Array(chars + 1);
  const ruleAt: (Rule | undefined)[] = [undefined];
  let growing = Array.from(rules, ([value, rule]) => ({ value, rule, state: 0 }));
  // All values grow together: a failure leads to a shallower state, and those are then ready.
  for (let depth = 0; growing.length > 0; depth++) {
    for (const each of growing) {
      const unit = each.value.charCodeAt(depth);
      const slot = slotOf(edges, each.state, unit);
      if (edges.target[slot] === 0) {
        const state = ruleAt.length;
        const target = failureOf(edges, fail, each.state, unit);
        edges.source[slot] = each.state;
        edges.code[slot] = unit;
        edges.target[slot] = state;
        fail[state] = target;
        shorter[state] = length[target] !== 0 ? target : (shorter[target] as number);
        ruleAt.push(undefined);
      }
      each.state = edges.target[slot] as number;
      if (each.value.length > depth + 1) continue;
      length[each.state] = each.value.length;
      ruleAt[each.state] = each.rule;
    }
    growing = growing.filter(({ value }) => value.length > depth + 1);
  }
  return { edges, fail, length, shorter, ruleAt };
};

/** Two code units that begin a value. */
const STARTS = 1;
/** Two code units next to each other in a value. */
const INSIDE = 2;
/** The first four code units of a value. */
const BEGINNING = 4;
const HINTS = 4096;
const pairOf = (first: number, second: number): number => (first * 67 + second) & (HINTS - 1);
const fourOf = (text: string, at: number): number =>
  (pairOf(text.charCodeAt(at), text.charCodeAt(at + 1)) * 31 +
    pairOf(text.charCodeAt(at + 2), text.charCodeAt(at + 3))) &
  (HINTS - 1);

export const knowValues = (rules: ReadonlyMap<string, Rule>): KnownValues => {
  const hints = new Uint8Array(HINTS);
  const add = (hash: number, bit: number): void => {
    hints[hash] = (hints[hash] as number) | bit;
  };
  for (const value of rules.keys()) {
    add(pairOf(value.charCodeAt(0), value.charCodeAt(1)), STARTS);
    add(fourOf(value, 0), BEGINNING);
    for (let i = 1; i < value.length; i++) add(pairOf(value.charCodeAt(i - 1), value.charCodeAt(i)), INSIDE);
  }
  return { rules, hints, automaton: undefined };
};

/** Whether a known value could stand across the border between two characters of the text. */
export const mayCross = ({ hints }: KnownValues, text: string, border: number): boolean =>
  border > 0 &&
  border < text.length &&
  ((hints[pairOf(text.charCodeAt(border - 1), text.charCodeAt(border))] as number) & INSIDE) !== 0;

/** A value may not start in the middle of a word, nor end there. */
const isInsideWord = (text: string, border: number): boolean =>
  isWordAt(text, border) && isWordAt(text, border - 1);

/** The next place from `at` on where a value could begin: at the border of a word, with the characters that begin one. */
const nextStart = ({ hints }: KnownValues, text: string, at: number, to: number): number => {
  // No value has one character only, so none begins at the last.
  let code = text.charCodeAt(at);
  for (let i = at; i < to - 1; i++) {
    const next = text.charCodeAt(i + 1);
    const hint = hints[pairOf(code, next)] as number;
    if ((hint & STARTS) !== 0 && !isInsideWord(text, i) && isBeginning(hints, text, i)) return i;
    code = next;
  }
  return to;
};

/** False when no known value stands in from..to. */
export const mayHoldValue = (known: KnownValues, text: string, from: number, to: number): boolean =>
  nextStart(known, text, from, to) < to;

const isBeginning = (hints: Uint8Array, text: string, at: number): boolean =>
  at + VALUE_CHARS_MIN <= text.length && ((hints[fourOf(text, at)] as number) & BEGINNING) !== 0;

/** Reports, for each place where values end, the longest one that stands alone. Reports may overlap. */
export const findKnownValues = (
  known: KnownValues,
  text: string,
  from: number,
  to: number,
  report: (start: number, end: number, rule: Rule) => void,
): void => {
  const first = nextStart(known, text, from, to);
  if (first >= to) return;
  known.automaton ??= buildAutomaton(known.rules);
  const { edges, fail, length, shorter, ruleAt } = known.automaton;
  let state = 0;
  for (let i = first; i < to; i++) {
    if (state === 0 && i > first) i = nextStart(known, text, i, to);
    if (i === to) break;
    const unit = text.charCodeAt(i);
    let next = follow(edges, state, unit);
    while (next === 0 && state !== 0) {
      state = fail[state] as number;
      next = follow(edges, state, unit);
    }
    state = next;
    let found = length[state] === 0 ? (shorter[state] as number) : state;
    if (found === 0 || isInsideWord(text, i + 1)) continue;
    for (; found !== 0; found = shorter[found] as number) {
      const start = i + 1 - (length[found] as number);
      if (isInsideWord(text, start)) continue;
      report(start, i + 1, ruleAt[found] as Rule);
      break;
    }
  }
};
