import { classAt, isWordAt, LETTER } from './characters.js';
import {
  type DigitChain,
  digitAt,
  endOfGroup,
  GROUP_DIGITS_MAX,
  JOIN_DASH,
  JOIN_DOT,
  JOIN_NONE,
  JOIN_PARENTHESIS,
  joinAfter,
  sizeOf,
  startOfGroup,
} from './digit-chain.js';

/** Whether a scheme issues numbers of this length that start with these six digits (`prefix`). */
const isIssued = (prefix: number, length: number, idLike: boolean): boolean => {
  const two = Math.floor(prefix / 10_000);
  const three = Math.floor(prefix / 1000);
  const four = Math.floor(prefix / 100);
  if (two >= 40 && two <= 49) return length === 13 || length === 16 || length === 18 || length === 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length === 16;
  if (two === 34 || two === 37) return length === 15;
  if (two === 36 || two === 38 || two === 39 || (three >= 300 && three <= 305)) return length >= 14;
  if (four === 6011 || (three >= 644 && three <= 649) || two === 65 || two === 62) return length >= 16;
  if (four >= 3528 && four <= 3589) return length >= 16;
  // Maestro and regional schemes are so wide that a numeric identifier falls into them too easily.
  return (two === 50 || (two >= 56 && two <= 69)) && length >= 13 && !idLike;
};

/** Walks the digits of `groups` groups as one number: issuer range and Luhn check digit. */
const isCardNumber = (chain: DigitChain, group: number, groups: number, idLike: boolean): boolean => {
  let length = 0;
  let prefix = 0;
  let even = 0;
  let odd = 0;
  for (let g = group; g < group + groups; g++) {
    const size = sizeOf(chain, g);
    if (size > GROUP_DIGITS_MAX) return false;
    for (let i = 0; i < size; i++) {
      const digit = digitAt(chain, g, i);
      const doubled = digit > 4 ? digit * 2 - 9 : digit * 2;
      if (length < 6) prefix = prefix * 10 + digit;
      // Which positions are doubled depends on the length, known only at the end: keep both sums.
      even += length % 2 === 0 ? doubled : digit;
      odd += length % 2 === 0 ? digit : doubled;
      length++;
    }
  }
  if (length < 13 || length > 19) return false;
  return (length % 2 === 0 ? even : odd) % 10 === 0 && isIssued(prefix, length, idLike);
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const OPAQUE_CHARS_MIN = 20;
const TOKEN_CHARS_MAX = 64;

/** Four groups of four at the beginning or the end of a UUID. */
const isInsideUuid = (text: string, start: number, firstEnd: number): boolean =>
  (firstEnd >= 8 && UUID.test(text.slice(firstEnd - 8, firstEnd + 28))) ||
  (start >= 9 && UUID.test(text.slice(start - 9, start + 27)));

/** Digits glued to letters and other digits in a long run: a digest, a ULID, base64; not a card with a word before it. */
const isInsideOpaque = (text: string, from: number, to: number, end: number): boolean => {
  let first = from;
  let last = to;
  let digits = 0;
  for (; from - first < TOKEN_CHARS_MAX && isWordAt(text, first - 1); first--)
    if (classAt(text, first - 1) <= 9) digits++;
  for (; last - to < TOKEN_CHARS_MAX && last < end && isWordAt(text, last); last++)
    if (classAt(text, last) <= 9) digits++;
  return digits > 0 && last - first >= OPAQUE_CHARS_MIN;
};

const isLetterAt = (text: string, at: number, end: number): boolean =>
  at >= 0 && at < end && classAt(text, at) === LETTER;

const joinsAlike = (chain: DigitChain, group: number, groups: number): boolean => {
  const first = joinAfter(chain, group);
  if (first === JOIN_NONE || first === JOIN_PARENTHESIS) return false;
  for (let g = group + 1; g < group + groups - 1; g++) {
    const join = joinAfter(chain, g);
    if (join !== first && (join > JOIN_DASH || first > JOIN_DASH || join === JOIN_NONE)) return false;
  }
  return true;
};

/** Groups of this one size from `group` on, at most `most`. */
const runOf = (chain: DigitChain, group: number, size: number, most: number): number => {
  let groups = 0;
  while (groups < most && sizeOf(chain, group + groups) === size) groups++;
  return groups;
};

/** The part of a group of four in a Luhn sum whose check digit ends a group of four too. */
const luhnOfFour = (chain: DigitChain, group: number): number => {
  const cached = chain.luhn[group] as number;
  if (cached >= 0) return cached;
  const doubled = (index: number): number => {
    const digit = digitAt(chain, group, index);
    return digit > 4 ? digit * 2 - 9 : digit * 2;
  };
  const sum = doubled(0) + digitAt(chain, group, 1) + doubled(2) + digitAt(chain, group, 3);
  chain.luhn[group] = sum;
  return sum;
};

/** Of 4-4-4-4, by parts that four overlapping candidates share. */
const passesLuhn = (chain: DigitChain, group: number): boolean => {
  let sum = 0;
  for (let g = group; g < group + 4; g++) sum += luhnOfFour(chain, g);
  return sum % 10 === 0;
};

/** Number of groups if the digits stand as on a card: 4-4-4-4, with a shorter last group or not, 4-6-5, 4-6-4. */
const grouped = (chain: DigitChain, group: number, idLike: boolean): number => {
  const isCard = (groups: number): boolean =>
    joinsAlike(chain, group, groups) && isCardNumber(chain, group, groups, idLike);
  const fours = runOf(chain, group, 4, 4);
  const rest = sizeOf(chain, group + fours);
  const endsShort = rest >= 1 && rest <= 3;
  if (fours === 4) return endsShort && isCard(5) ? 5 : passesLuhn(chain, group) && isCard(4) ? 4 : 0;
  if (fours === 3) return endsShort && isCard(4) ? 4 : 0;
  if (fours !== 1 || rest !== 6) return 0;
  const last = sizeOf(chain, group + 2);
  return (last === 4 || last === 5) && isCard(3) ? 3 : 0;
};

/** Number of groups from this one on that make a payment card number (ISO/IEC 7812: issuer range and Luhn), or 0. */
export const panGroups = (
  chain: DigitChain,
  group: number,
  text: string,
  end: number,
  idLike: boolean,
): number => {
  const size = sizeOf(chain, group);
  if (size === 4) {
    const groups = grouped(chain, group, idLike);
    if (groups === 0) return 0;
    return isInsideUuid(text, startOfGroup(chain, group), endOfGroup(chain, group)) ? 0 : groups;
  }
  if (size >= 13 && size <= 19) {
    // Digits after a decimal point are a fraction.
    const isFraction = group > 0 && joinAfter(chain, group - 1) === JOIN_DOT;
    if (isFraction || !isCardNumber(chain, group, 1, idLike)) return 0;
    const from = startOfGroup(chain, group);
    const to = endOfGroup(chain, group);
    const glued = isLetterAt(text, from - 1, end) || isLetterAt(text, to, end);
    return glued && isInsideOpaque(text, from, to, end) ? 0 : 1;
  }
  if (size !== 1 || group !== 0) return 0;
  const singles = runOf(chain, 0, 1, 20);
  return singles >= 13 &&
    singles <= 19 &&
    joinsAlike(chain, 0, singles) &&
    isCardNumber(chain, 0, singles, idLike)
    ? singles
    : 0;
};
