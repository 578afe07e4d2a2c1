import { AT, classAt, LETTER, NEWLINE, OPEN, PAIR, SPACE } from './characters.js';
import { readKey } from './classify-key.js';
import { isPlausible } from './plausible.js';
import { addHit, type TextScan } from './text-scan.js';

const LABEL_CHARS_MAX = 48;
const VALUE_CHARS_MAX = 160;
/** Around names and values in prose, Markdown, YAML, logs. */
const WRAPPING = '"\'`*_ \t';
/** End a label on its left, and a value on its right. */
const BORDERS = ',;|{}[]()<>&?\t';

const flags = (chars: string): Uint8Array => {
  const table = new Uint8Array(128);
  for (const char of chars) table[char.charCodeAt(0)] = 1;
  return table;
};
const WRAPPING_FLAGS = flags(WRAPPING);
const BORDER_FLAGS = flags(BORDERS);
const VALUE_BORDER_FLAGS = flags(';|{}[]<>\t');
const has = (table: Uint8Array, code: number): boolean => code < 128 && table[code] === 1;
const isWrapping = (text: string, at: number): boolean => has(WRAPPING_FLAGS, text.charCodeAt(at));

const isBorder = (scan: TextScan, at: number): boolean => {
  const found = classAt(scan.text, at);
  return found === NEWLINE || found === PAIR || found === AT || has(BORDER_FLAGS, scan.text.charCodeAt(at));
};

const labelBefore = (scan: TextScan, at: number): string => {
  const { text, floor } = scan;
  let end = at;
  while (end > floor && isWrapping(text, end - 1)) end--;
  let start = end;
  while (start > floor && end - start <= LABEL_CHARS_MAX && !isBorder(scan, start - 1)) start--;
  if (end - start > LABEL_CHARS_MAX) return '';
  while (start < end && (isWrapping(text, start) || '-+•#>'.includes(text[start] as string))) start++;
  return text.slice(start, end);
};

/** A comma ends the value only when another `label:` follows it: "Doe, Jane" is one name. */
const anotherPairFollows = (scan: TextScan, from: number): boolean => {
  for (let i = from; i < scan.end && i - from < LABEL_CHARS_MAX; i++) {
    if (classAt(scan.text, i) === PAIR) return true;
    if (isBorder(scan, i)) return false;
  }
  return false;
};

/** Initials and abbreviations: "J. Doe", "St. Paul". */
const SHORT_WORD = /\b\p{L}{1,3}$/u;

const isSentenceEnd = ({ text, end }: TextScan, at: number): boolean =>
  at + 1 < end && classAt(text, at + 1) === SPACE && !SHORT_WORD.test(text.slice(at - 4, at));

/** Index after the value that starts at `from`. */
const valueEnd = (scan: TextScan, from: number, pair: string): number => {
  const { text, end } = scan;
  const limit = Math.min(end, from + VALUE_CHARS_MAX);
  let space = -1;
  for (let i = from; i < limit; i++) {
    const code = text.charCodeAt(i);
    const found = classAt(text, i);
    if (found === LETTER) continue;
    if (found === NEWLINE || has(VALUE_BORDER_FLAGS, code) || (code === 0x26 && pair === '=')) return i;
    if (code === 0x2c && anotherPairFollows(scan, i + 1)) return i;
    if (code === 0x2e && isSentenceEnd(scan, i)) return i;
    // "Name: Jane Doe SSN: ...": the next label takes its words back, at least the last one.
    const opensPair = found === PAIR && (code === 0x3d || i + 1 >= end || isWrapping(text, i + 1));
    if (opensPair && space > from) return space;
    if (found === SPACE) space = i;
  }
  return limit;
};

/**
 * "Name: Jane Doe", "address = 1 Main St", `"dob": "..."` in prose: kinds that only a label can give away, at the
 * `:` or `=` at `at`. Numbers after labels are found by `readLabels`. @returns where scanning goes on.
 */
export const scanPair = (scan: TextScan, at: number): number => {
  const { text, run, end } = scan;
  // A time, a ratio, an index.
  if (at > scan.floor && classAt(text, at - 1) <= 9 && at + 1 < end && classAt(text, at + 1) <= 9)
    return at + 1;
  const label = labelBefore(scan, at);
  if (label === '') return at + 1;
  const { kind, strong } = readKey(label).class;
  if (!strong || (kind !== 'PERSON' && kind !== 'ADDRESS' && kind !== 'DOB') || !run.active[kind])
    return at + 1;
  let start = at + 1;
  while (start < end && isWrapping(text, start)) start++;
  if (start >= end || classAt(text, start) === OPEN) return at + 1;
  let after = valueEnd(scan, start, text[at] as string);
  while (after > start && isWrapping(text, after - 1)) after--;
  if (after <= start || !isPlausible({ kind, strong }, text.slice(start, after))) return at + 1;
  addHit(scan, kind, 'label', start, after);
  return after;
};
