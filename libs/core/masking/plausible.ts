import { ASTRAL_DIGIT, classAt, LETTER } from './characters.js';
import type { Rule } from './rule.js';

const ACCOUNT_LETTERS_MAX = 4;
const ACCOUNT_DIGITS_MAX = 34;

/** A letter, or any character beyond ASCII that is no digit: names are written in all scripts. */
const hasLetter = (value: string): boolean => {
  for (let i = 0; i < value.length; i++) {
    const found = classAt(value, i);
    if (found === LETTER || (found > ASTRAL_DIGIT && value.charCodeAt(i) > 0x7f)) return true;
  }
  return false;
};

/**
 * Whether a value under a sensitive key can be what the key says. Deliberately generous: under `ssn`, anything with
 * a digit goes; `"pending"`, `"on file"` and `""` stay and are scanned like any other text.
 */
export const isPlausible = ({ kind, strong }: Pick<Rule, 'kind' | 'strong'>, value: string): boolean => {
  if (kind === 'PERSON' || kind === 'EMAIL') return hasLetter(value);
  let digits = 0;
  let letters = 0;
  let others = 0;
  for (let i = 0; i < value.length; i++) {
    const found = classAt(value, i);
    if (found <= ASTRAL_DIGIT) digits++;
    else if (found === LETTER) letters++;
    else if (value.charCodeAt(i) > 0x7f) others++;
  }
  switch (kind) {
    case 'US_SSN':
    case 'DOB':
      return digits > 0;
    case 'PAN':
    case 'PHONE':
      return digits >= 4;
    case 'BANK_ACCOUNT':
      return digits >= 4 && (strong || (letters <= ACCOUNT_LETTERS_MAX && digits <= ACCOUNT_DIGITS_MAX));
    case 'ADDRESS':
      return digits + letters + others > 0;
  }
};
