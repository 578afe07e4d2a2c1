import type { MaskingProfile, MaskKind } from '../policy/policy.types.js';

/**
 * A second opinion on the masked text, written with other means than the scanner so that one mistake does not blind
 * both: plain ASCII forms only, and a strict subset of what the scanner masks.
 */
const SSN = /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/;
const PAN = /^(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -])\d{6}\2\d{5}|\d{13,19})(?![0-9A-Za-z-]|\.\d)/;
/** Visa, Mastercard, American Express, Discover. */
const ISSUER = /^(?:4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|6011|65)/;
const PAN_CHARS_MAX = 19;
const GLUE = /[A-Za-z.-]/;

const isDigit = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
};

const hasSsn = (text: string): boolean => {
  for (let dash = text.indexOf('-'); dash >= 0; dash = text.indexOf('-', dash + 1)) {
    if (text.charCodeAt(dash + 3) !== 0x2d || isDigit(text, dash - 4) || isDigit(text, dash + 8)) continue;
    if (dash >= 3 && SSN.test(text.slice(dash - 3, dash + 8))) return true;
  }
  return false;
};

const passesLuhn = (digits: string): boolean => {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  return sum % 10 === 0;
};

const isPan = (digits: string): boolean => {
  const lengths = digits.startsWith('4') ? [13, 16, 19] : digits.startsWith('3') ? [15] : [16];
  return lengths.includes(digits.length) && ISSUER.test(digits) && passesLuhn(digits);
};

/** Whether a card number can begin here: 13 to 19 digits, or 4 with digits again 7 characters on (4-4-4-4 and 4-6-5). */
const mayBePan = (text: string, start: number, end: number): boolean => {
  const size = end - start;
  if (size === 4 ? !isDigit(text, start + 7) : size < 13 || size > 19) return false;
  return start === 0 || !GLUE.test(text[start - 1] as string);
};

const hasPan = (text: string): boolean => {
  // Of four digits in a row, one stands at every fourth place: all others need no look.
  for (let at = 3; at < text.length; at += 4) {
    if (!isDigit(text, at)) continue;
    let start = at;
    let end = at + 1;
    while (start > 0 && isDigit(text, start - 1)) start--;
    while (isDigit(text, end)) end++;
    at = end - 1;
    if (!mayBePan(text, start, end)) continue;
    const found = PAN.exec(text.slice(start, start + PAN_CHARS_MAX + 2));
    if (found && isPan(found[0].replaceAll(/[ -]/g, ''))) return true;
  }
  return false;
};

const isNamed = (kind: MaskKind, { rules }: MaskingProfile): boolean =>
  rules.some(({ kinds }) => kinds.includes(kind));

/** Whether a formatted SSN or a payment card number is still in clear in a masked text that should hold none. */
export const isStillClear = (masked: string, profile: MaskingProfile): boolean =>
  (isNamed('US_SSN', profile) && hasSsn(masked)) || (isNamed('PAN', profile) && hasPan(masked));
