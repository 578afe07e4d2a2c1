import { isWordAt, isWordCode } from './characters.js';
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

/**
 * Finds many values at once (Aho and Corasick 1975): time is linear in the text whatever the values are, so nobody
 * can slow masking down by repeating names.
 */
export interface KnownValues {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly edges: Edges;
  readonly fail: Int32Array;
  /** Length of the value that ends in this state, or 0. */
  readonly length: Int32Array;
  /** The longest proper suffix of this state that ends a value, or 0. */
  readonly shorter: Int32Array;
  readonly ruleAt: readonly (Rule | undefined)[];
  /** Which two code units may start a value, by `startOf`. */
  readonly starts: Uint8Array;
}

/** Edges of the tree: an open-addressing table from (state, code unit) to state. 0 is the root, so 0 = no edge. */
interface Edges {
  readonly source: Int32Array;
  readonly code: Int32Array;
  readonly target: Int32Array;
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

interface State {
  readonly parent: number;
  readonly unit: number;
}

/** States in order of depth: a failure leads to a shallower state, so those must be ready first. */
const linkFailures = (
  edges: Edges,
  states: readonly State[],
  byDepth: readonly number[][],
  length: Int32Array,
) => {
  const fail = new Int32Array(states.length);
  const shorter = new Int32Array(states.length);
  for (const level of byDepth) {
    for (const state of level) {
      const { parent, unit } = states[state] as State;
      let at = parent;
      let target = 0;
      while (at !== 0 && target === 0) {
        at = fail[at] as number;
        target = follow(edges, at, unit);
      }
      fail[state] = target;
      shorter[state] = length[target] !== 0 ? target : (shorter[target] as number);
    }
  }
  return { fail, shorter };
};

const STARTS = 4096;
const startOf = (first: number, second: number): number => (first * 67 + second) & (STARTS - 1);

export const knowValues = (rules: ReadonlyMap<string, Rule>): KnownValues => {
  let chars = 0;
  for (const value of rules.keys()) chars += value.length;
  const edges = newEdges(chars);
  const states: State[] = [{ parent: 0, unit: 0 }];
  const byDepth: number[][] = [];
  const length = new Int32Array(chars + 1);
  const ruleAt: (Rule | undefined)[] = [undefined];
  const starts = new Uint8Array(STARTS);
  for (const [value, rule] of rules) {
    let state = 0;
    starts[startOf(value.charCodeAt(0), value.charCodeAt(1))] = 1;
    for (let depth = 0; depth < value.length; depth++) {
      const unit = value.charCodeAt(depth);
      const slot = slotOf(edges, state, unit);
      if (edges.target[slot] === 0) {
        edges.source[slot] = state;
        edges.code[slot] = unit;
        edges.target[slot] = states.length;
        byDepth[depth] ??= [];
        (byDepth[depth] as number[]).push(states.length);
        states.push({ parent: state, unit });
        ruleAt.push(undefined);
      }
      state = edges.target[slot] as number;
    }
    length[state] = value.length;
    ruleAt[state] = rule;
  }
  return { rules, edges, length, ruleAt, starts, ...linkFailures(edges, states, byDepth, length) };
};

/** A value may not start in the middle of a word, nor end there. */
const isInsideWord = (text: string, border: number): boolean =>
  isWordAt(text, border) && isWordAt(text, border - 1);

/** The next place from `at` on where a value could begin: at the border of a word, with two characters that begin one. */
const nextStart = ({ starts }: KnownValues, text: string, at: number, to: number): number => {
  let wasWord = isWordAt(text, at - 1);
  let code = text.charCodeAt(at);
  for (let i = at; i < to; i++) {
    const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
    const isWord = isWordCode(code);
    if (!(isWord && wasWord) && starts[startOf(code, next)] === 1) return i;
    wasWord = isWord;
    code = next;
  }
  return to;
};

/** Reports, for each place where values end, the longest one that stands alone. Reports may overlap. */
export const findKnownValues = (
  known: KnownValues,
  text: string,
  from: number,
  to: number,
  report: (start: number, end: number, rule: Rule) => void,
): void => {
  const { edges, fail, length, shorter, ruleAt } = known;
  let state = 0;
  for (let i = from; i < to; i++) {
    if (state === 0) i = nextStart(known, text, i, to);
    if (i === to) break;
    const unit = text.charCodeAt(i);
    let next = follow(edges, state, unit);
    while (next === 0 && state !== 0) {
      state = fail[state] as number;
      next = follow(edges, state, unit);
    }
    state = next;
    if (state === 0 || isInsideWord(text, i + 1)) continue;
    for (
      let found = length[state] ? state : (shorter[state] as number);
      found !== 0;
      found = shorter[found] as number
    ) {
      const start = i + 1 - (length[found] as number);
      if (isInsideWord(text, start)) continue;
      report(start, i + 1, ruleAt[found] as Rule);
      break;
    }
  }
};
