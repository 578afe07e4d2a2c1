import { AT, classAt, DASH, DOT, INVISIBLE, LETTER, UNDERSCORE } from './characters.js';

/** RFC 5321 limits. */
const LOCAL_CHARS_MAX = 64;
const DOMAIN_CHARS_MAX = 253;
/** `!#$%&'*+/=?^`{|}~` are legal too, but in prose and URLs the last of them is a border, not part of the name. */
const LOCAL_PUNCTUATION = "%+'&#~!$*^`";

const isDomainWord = (found: number): boolean => found <= 10 || found === LETTER || found === INVISIBLE;

const localStart = (text: string, at: number, floor: number): number => {
  let i = at;
  while (i > floor && at - i < LOCAL_CHARS_MAX) {
    const found = classAt(text, i - 1);
    const isLocal =
      isDomainWord(found) ||
      found === DOT ||
      found === DASH ||
      found === UNDERSCORE ||
      LOCAL_PUNCTUATION.includes(text[i - 1] as string);
    if (!isLocal) break;
    i--;
  }
  // Quotes and dots around an address are not part of it.
  while (i < at && (text[i] === "'" || text[i] === '`' || text[i] === '.')) i++;
  return i;
};

/** Index after the domain that starts at `from`: at least one dot, last label of two letters or more; or -1. */
const domainEnd = (text: string, from: number, end: number): number => {
  const limit = Math.min(end, from + DOMAIN_CHARS_MAX);
  let label = from;
  let accepted = -1;
  let letters = 0;
  let dots = 0;
  let i = from;
  for (; i <= limit; i++) {
    const found = i < limit ? classAt(text, i) : AT;
    if (found === LETTER) letters++;
    else if (found === DOT || !(isDomainWord(found) || found === DASH)) {
      if (i === label) break;
      if (dots > 0 && letters >= 2) accepted = i;
      if (found !== DOT) break;
      dots++;
      label = i + 1;
      letters = 0;
    }
  }
  return accepted;
};

/** Borders of the e-mail address around the `@` at `at`, as `[start, end]`, or undefined. Linear: it never passes another `@`. */
export const emailAround = (
  text: string,
  at: number,
  floor: number,
  end: number,
): [number, number] | undefined => {
  const start = localStart(text, at, floor);
  if (start === at) return undefined;
  const after = domainEnd(text, at + 1, end);
  return after < 0 ? undefined : [start, after];
};
