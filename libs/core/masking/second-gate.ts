import type { MaskingProfile } from '../policy/policy.types.js';

/**
 * A second opinion on the masked text, written with other means than the scanner so that one mistake does not blind
 * both: plain ASCII forms only, and a strict subset of what the scanner masks.
 */
const SSN = /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/;
const PAN = /^(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -])\d{6}\2\d{5}|\d{13,19})(?![0-9A-Za-z-])/;
/** Visa, Mastercard, American Express, Discover. */
const ISSUER = /^(?:4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|6011|65)/;
const PAN_CHARS_MAX = 19;

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

const hasPan = (text: string): boolean => {
  for (const { 0: digits, index } of text.matchAll(/\d{4,}/g)) {
    const size = digits.length;
    if ((size !== 4 && (size < 13 || size > 19)) || /[A-Za-z.-]/.test(text.charAt(index - 1))) continue;
    const found = PAN.exec(text.slice(index, index + PAN_CHARS_MAX + 1));
    if (found && isPan(found[0].replaceAll(/[ -]/g, ''))) return true;
  }
  return false;
};

/** Whether a formatted SSN or a payment card number is still in clear in a masked text that should hold none. */
export const isStillClear = (masked: string, profile: MaskingProfile): boolean => {
  const kinds = profile.rules.flatMap((rule) => rule.kinds);
  return (kinds.includes('US_SSN') && hasSsn(masked)) || (kinds.includes('PAN') && hasPan(masked));
};
