import { classAt, LETTER, SPACE } from './characters.js';
import {
  type DigitChain,
  endOfGroup,
  JOIN_DASH,
  JOIN_DOT,
  JOIN_NONE,
  JOIN_SLASH,
  JOIN_SPACE,
  joinAfter,
  numberAt,
  sizeOf,
  startOfGroup,
} from './digit-chain.js';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const isMonth = (word: string): boolean =>
  word.length >= 3 && MONTHS.includes(word.slice(0, 3).toLowerCase());
const isYear = (year: number): boolean => year >= 1880 && year <= 2100;

/** Year-month-day in this order with dashes: a date for sure, so never an account or telephone number. */
export const isIsoDate = (chain: DigitChain, group: number): boolean =>
  sizeOf(chain, group) === 4 &&
  sizeOf(chain, group + 1) === 2 &&
  sizeOf(chain, group + 2) === 2 &&
  joinAfter(chain, group) === JOIN_DASH &&
  numberAt(chain, group + 1, 0, 2) <= 12 &&
  numberAt(chain, group + 2, 0, 2) <= 31;

const isDateJoin = (join: number): boolean =>
  join === JOIN_DASH || join === JOIN_SLASH || join === JOIN_DOT || join === JOIN_SPACE;

/** Number of groups of a numeric date that starts at `group`, such as 1980-01-02, 1/2/80, 19800102; or 0. */
const numericDateGroups = (chain: DigitChain, group: number): number => {
  const size = sizeOf(chain, group);
  if (size === 8) {
    const dated = isYear(numberAt(chain, group, 0, 4)) || isYear(numberAt(chain, group, 4, 4));
    return dated ? 1 : 0;
  }
  const sizes = [size, sizeOf(chain, group + 1), sizeOf(chain, group + 2)];
  if (sizes.some((each) => each === 0 || each > 4 || each === 3)) return 0;
  const join = joinAfter(chain, group);
  return isDateJoin(join) && joinAfter(chain, group + 1) === join ? 3 : 0;
};

const wordEnd = (text: string, from: number, end: number): number => {
  let i = from;
  while (i < end && i - from < 12 && classAt(text, i) === LETTER) i++;
  return i;
};

const wordStart = (text: string, to: number, floor: number): number => {
  let i = to;
  while (i > floor && to - i < 12 && classAt(text, i - 1) === LETTER) i--;
  return i;
};

const skipPunctuation = (text: string, from: number, end: number): number => {
  let i = from;
  while (i < end && i - from < 3 && (classAt(text, i) === SPACE || ',.-/'.includes(text[i] as string))) i++;
  return i;
};

/** Whether a letter stands near enough to the digits to be the beginning or end of a month. */
export const isMonthNear = (text: string, start: number, end: number, limit: number): boolean =>
  (end < limit &&
    (classAt(text, end) === LETTER || (end + 1 < limit && classAt(text, end + 1) === LETTER))) ||
  (start > 1 &&
    classAt(text, start - 1) === SPACE &&
    isMonth(text.slice(wordStart(text, start - 1, 0), start - 1)));

const yearEnd = (text: string, from: number, end: number): number => {
  let i = from;
  while (i < end && i - from < 4 && classAt(text, i) <= 9) i++;
  return i - from === 4 || i - from === 2 ? i : -1;
};

export interface DateSpan {
  readonly start: number;
  readonly end: number;
}

/** The date that the digits of `group` belong to: numeric, "2 January 1980", "Jan 2, 1980"; or just a year. */
export const dateAround = (
  chain: DigitChain,
  group: number,
  text: string,
  floor: number,
  end: number,
): DateSpan | undefined => {
  const start = startOfGroup(chain, group);
  const groups = numericDateGroups(chain, group);
  if (groups > 0) return { start, end: endOfGroup(chain, group + groups - 1) };
  const size = sizeOf(chain, group);
  let after = endOfGroup(chain, group);
  if (size <= 2) {
    // "2nd of January": the ordinal and a month after the day, or a month before it.
    const ordinal = wordEnd(text, after, end);
    if (/^(?:st|nd|rd|th)$/i.test(text.slice(after, ordinal))) after = ordinal;
    const month = skipPunctuation(text, after, end);
    const monthEnd = wordEnd(text, month, end);
    if (isMonth(text.slice(month, monthEnd))) {
      const year = yearEnd(text, skipPunctuation(text, monthEnd, end), end);
      return { start, end: year < 0 ? monthEnd : year };
    }
    let before = start;
    while (before > floor && start - before < 2 && classAt(text, before - 1) === SPACE) before--;
    const monthStart = wordStart(text, before, floor);
    if (!isMonth(text.slice(monthStart, before))) return undefined;
    const year = yearEnd(text, skipPunctuation(text, after, end), end);
    return { start: monthStart, end: year < 0 ? after : year };
  }
  const isAlone = size === 4 && joinAfter(chain, group) === JOIN_NONE && isYear(numberAt(chain, group, 0, 4));
  return isAlone ? { start, end: after } : undefined;
};
