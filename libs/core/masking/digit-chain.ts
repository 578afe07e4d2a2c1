import {
  ASTRAL_DIGIT,
  astralDigit,
  classAt,
  DASH,
  DOT,
  INVISIBLE,
  NEWLINE,
  PARENTHESIS,
  SLASH,
  SPACE,
  UNDERSCORE,
} from './characters.js';

/** Longest chain looked at in one piece. */
const GROUPS_MAX = 128;
/** Digits kept of one group; nothing that is looked for is longer. */
export const GROUP_DIGITS_MAX = 20;
/** Separator between two groups of a chain. */
export const JOIN_NONE = 0;
export const JOIN_SPACE = 1;
export const JOIN_DASH = 2;
export const JOIN_DOT = 3;
export const JOIN_SLASH = 4;
export const JOIN_UNDERSCORE = 5;
export const JOIN_PARENTHESIS = 6;

/** Groups of digits with one separator between each two: `523-96-8051` is three groups joined by dashes. */
export interface DigitChain {
  groups: number;
  /** Index of the first digit, and the index after the last, of each group. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Number of digits of each group; may be more than are kept. */
  readonly size: Int32Array;
  /** What stands between this group and the next. */
  readonly join: Uint8Array;
  readonly digits: Uint8Array;
  /** Luhn sum of a group of four, or -1 until somebody asked. */
  readonly luhn: Int8Array;
}

export const newDigitChain = (): DigitChain => ({
  groups: 0,
  start: new Int32Array(GROUPS_MAX),
  end: new Int32Array(GROUPS_MAX),
  size: new Int32Array(GROUPS_MAX),
  join: new Uint8Array(GROUPS_MAX),
  digits: new Uint8Array(GROUPS_MAX * GROUP_DIGITS_MAX),
  luhn: new Int8Array(GROUPS_MAX),
});

export const sizeOf = (chain: DigitChain, group: number): number =>
  group < chain.groups ? (chain.size[group] as number) : 0;
export const joinAfter = (chain: DigitChain, group: number): number =>
  group < chain.groups ? (chain.join[group] as number) : JOIN_NONE;
export const startOfGroup = (chain: DigitChain, group: number): number => chain.start[group] as number;
export const endOfGroup = (chain: DigitChain, group: number): number => chain.end[group] as number;
export const digitAt = (chain: DigitChain, group: number, index: number): number =>
  chain.digits[group * GROUP_DIGITS_MAX + index] as number;

/** The first `size` digits of the group as a number; `size` at most 9. */
export const numberAt = (chain: DigitChain, group: number, from: number, size: number): number => {
  let value = 0;
  for (let i = from; i < from + size; i++) value = value * 10 + digitAt(chain, group, i);
  return value;
};

const readGroup = (chain: DigitChain, text: string, from: number, end: number): void => {
  const group = chain.groups++;
  let size = 0;
  let i = from;
  chain.start[group] = from;
  chain.luhn[group] = -1;
  while (i < end) {
    const found = classAt(text, i);
    let digit = found;
    let width = 1;
    if (found === ASTRAL_DIGIT) {
      digit = astralDigit(text, i + 1);
      width = 2;
      if (digit < 0) break;
    } else if (found === INVISIBLE) {
      i++;
      continue;
    } else if (found > 9) break;
    if (size < GROUP_DIGITS_MAX) chain.digits[group * GROUP_DIGITS_MAX + size] = digit;
    size++;
    i += width;
    chain.end[group] = i;
  }
  chain.size[group] = size;
};

const joinOf = (found: number): number => {
  switch (found) {
    case DASH:
      return JOIN_DASH;
    case DOT:
      return JOIN_DOT;
    case SLASH:
      return JOIN_SLASH;
    case UNDERSCORE:
      return JOIN_UNDERSCORE;
    case PARENTHESIS:
      return JOIN_PARENTHESIS;
    default:
      return JOIN_NONE;
  }
};

/** Up to four characters of separator. Sets the join of the last group; the index of the next digit, or -1. */
const readJoin = (chain: DigitChain, text: string, from: number, end: number): number => {
  let join = JOIN_NONE;
  let spaces = 0;
  let broken = false;
  let i = from;
  for (; i < end && i < from + 5; i++) {
    const found = classAt(text, i);
    if (found <= ASTRAL_DIGIT) break;
    if (found === INVISIBLE) continue;
    if (found === SPACE) spaces++;
    else if (found === NEWLINE) broken = true;
    else {
      const next = joinOf(found);
      const bracketed = join === JOIN_PARENTHESIS && next === JOIN_DASH;
      if (next === JOIN_NONE || (join !== JOIN_NONE && join !== next && !bracketed)) return -1;
      if (!bracketed) join = next;
    }
  }
  const isDigit =
    i < end &&
    (classAt(text, i) <= 9 || (classAt(text, i) === ASTRAL_DIGIT && astralDigit(text, i + 1) >= 0));
  // "in 2024. 12 of them": a dot, slash or underscore joins only without space; a line may end after a dash only.
  const loose = spaces > 0 && (join === JOIN_DOT || join === JOIN_SLASH || join === JOIN_UNDERSCORE);
  if (
    !isDigit ||
    loose ||
    (broken && join !== JOIN_DASH) ||
    (join === JOIN_NONE && spaces !== 1 && spaces !== 2)
  )
    return -1;
  chain.join[chain.groups - 1] = join === JOIN_NONE ? JOIN_SPACE : join;
  return i;
};

/**
 * Reads the chain that starts with the digit at `from`. Zero-width characters inside count for nothing.
 * @returns whether the chain goes on after the last group read.
 */
export const readDigitChain = (chain: DigitChain, text: string, from: number, end: number): boolean => {
  chain.groups = 0;
  let at = from;
  while (at >= 0) {
    if (chain.groups === GROUPS_MAX) return true;
    readGroup(chain, text, at, end);
    const last = chain.groups - 1;
    chain.join[last] = JOIN_NONE;
    at = readJoin(chain, text, chain.end[last] as number, end);
  }
  return false;
};
