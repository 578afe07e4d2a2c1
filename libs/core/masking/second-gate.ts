import type { MaskingProfile } from '../policy/policy.types.js';

/**
 * A second opinion on the masked text, written with other means than the scanner so that one mistake does not blind
 * both: plain ASCII forms only, and a strict subset of what the scanner masks. All patterns have a bounded length.
 */
const SSN = /(?<!\d)(\d{3})-(\d{2})-(\d{4})(?!\d)/g;
const PAN =
  /(?<![0-9A-Za-z.-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -])\d{6}\2\d{5}|\d{13,19})(?![0-9A-Za-z-])/g;
/** Visa, Mastercard, American Express, Discover. */
const ISSUER = /^(?:4|5[1-5]|2[3-6]|3[47]|6011|65)/;
const LENGTHS = [13, 15, 16, 19];

const passesLuhn = (digits: string): boolean => {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  return sum % 10 === 0;
};

const hasSsn = (text: string): boolean => {
  for (const [, area = '', group, serial] of text.matchAll(SSN)) {
    if (area !== '000' && area !== '666' && area < '900' && group !== '00' && serial !== '0000') return true;
  }
  return false;
};

const hasPan = (text: string): boolean => {
  for (const [found] of text.matchAll(PAN)) {
    const digits = found.replaceAll(/[ -]/g, '');
    const fits = digits.startsWith('3')
      ? digits.length === 15
      : digits.startsWith('4')
        ? LENGTHS.includes(digits.length)
        : digits.length === 16;
    if (fits && ISSUER.test(digits) && passesLuhn(digits)) return true;
  }
  return false;
};

/** Whether a formatted SSN or a payment card number is still in clear in a masked text that should hold none. */
export const isStillClear = (masked: string, profile: MaskingProfile): boolean => {
  const kinds = profile.rules.flatMap((rule) => rule.kinds);
  return (kinds.includes('US_SSN') && hasSsn(masked)) || (kinds.includes('PAN') && hasPan(masked));
};
