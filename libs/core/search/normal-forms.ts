/** Changes whenever the same value would get other forms: an index made under another version is made again. */
export const NORMAL_FORMS_VERSION = 1;

/** Longer values are text: their words are looked at, not the whole. UTF-16 code units, after trimming. */
export const VALUE_CHARS_MAX = 256;

const DECIMAL = /^[+-]?\d+\.\d+$/;
/** Digits in groups, as numbers of people, cards, accounts and phones are written. */
const GROUPED = /^\+?\(?\d[\d\s().\-/]*\d$/;
const DIGITS_MIN = 7;
const DIGITS_MAX = 19;
/** A number of the North American plan with its country code. */
const NANP = /^1\d{10}$/;

/** NFKC, trimmed, white space as one blank, and in one case: upper then lower, so that ß, ss and SS are the same. */
const folded = (text: string): string =>
  text.normalize('NFKC').trim().replace(/\s+/gu, ' ').toUpperCase().toLowerCase();

/**
 * What a value is looked up as: the folded value; for 7 to 19 digits in groups also the digits alone, and these without
 * the country code 1; for a decimal fraction also the number without zeros at its end. Two values are the same to the
 * index when they have a form in common. Empty for a value of nothing, or of more than VALUE_CHARS_MAX.
 */
export const normalForms = (value: string): readonly string[] => {
  if (value.length > VALUE_CHARS_MAX * 2) return [];
  const whole = folded(value);
  if (whole === '' || whole.length > VALUE_CHARS_MAX) return [];
  if (DECIMAL.test(whole)) return distinct([whole, withoutEndingZeros(whole)]);
  return distinct([whole, ...digitForms(whole)]);
};

const digitForms = (whole: string): readonly string[] => {
  if (!GROUPED.test(whole)) return [];
  const digits = whole.replace(/\D/g, '');
  if (digits.length < DIGITS_MIN || digits.length > DIGITS_MAX) return [];
  return NANP.test(digits) ? [digits, digits.slice(1)] : [digits];
};

const withoutEndingZeros = (decimal: string): string => decimal.replace(/\.?0+$/, '');

const distinct = (forms: readonly string[]): readonly string[] => [...new Set(forms)];

/** `customer_id`, `customerId` and `Customer-ID` are one field. */
export const normalField = (name: string): string =>
  folded(name.slice(0, VALUE_CHARS_MAX)).replace(/[\s_-]/g, '');
