import { type Cursor, refuseJson, textOf } from './json-cursor.js';

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_E = 0x65;
/** Every decimal of up to 15 digits survives a double, and no such number without exponent overflows. */
const SAFE_LENGTH = 15;

/** Moves past the number at `cursor.at` (RFC 8259 section 6). */
export const scanNumber = (cursor: Cursor): void => {
  const { bytes } = cursor;
  const start = cursor.at;
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  const startsWithZero = bytes[first] === ZERO;
  let at = startsWithZero ? first + 1 : pastDigits(bytes, first);
  if (at === first) refuseJson('unexpected character', start);
  if (bytes[at] === DOT) {
    const fraction = at + 1;
    at = pastDigits(bytes, fraction);
    if (at === fraction) refuseJson('malformed number', start);
  }
  const hasExponent = ((bytes[at] as number) | 0x20) === LOWER_E;
  if (hasExponent) {
    const sign = bytes[at + 1];
    const exponent = sign === PLUS || sign === MINUS ? at + 2 : at + 1;
    at = pastDigits(bytes, exponent);
    if (at === exponent) refuseJson('malformed number', start);
  }
  cursor.at = at;
  if (hasExponent || at - start > SAFE_LENGTH || (negative && startsWithZero)) checkValue(cursor, start, at);
};

const pastDigits = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while ((bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) at++;
  return at;
};

/**
 * Beyond 2^53-1 a number is refused unless RFC 8785 would write it with the very digits that were sent: otherwise
 * policy would decide on one number and the person would have asked for another.
 */
const checkValue = (cursor: Cursor, start: number, end: number): void => {
  const text = textOf(cursor.bytes, start, end);
  const value = Number(text);
  if (!Number.isFinite(value)) refuseJson('number out of range', start);
  if (Object.is(value, -0)) cursor.negativeZero = true;
  if (cursor.limits.verbatim || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return;
  if (significantDigits(text) !== significantDigits(String(value))) refuseJson('number loses digits', start);
};

/** Loops instead of a pattern: `0+$` backtracks quadratically on long runs of zeros. */
const significantDigits = (text: string): string => {
  const [mantissa = ''] = text.toLowerCase().split('e', 1);
  const digits = mantissa.replace('-', '').replace('.', '');
  let start = 0;
  while (digits[start] === '0') start++;
  let end = digits.length;
  while (end > start && digits[end - 1] === '0') end--;
  return digits.slice(start, end);
};
