/** An exact decimal number: `unscaled / 10 ** scale`. */
export interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

export const DECIMAL_CHARS_MAX = 64;
const PLAIN = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/**
 * Plain decimal text such as `-12.50`. Nothing else is a number here: no exponent, no plus sign, no leading zero, no
 * thousands separator, no blank; at most DECIMAL_CHARS_MAX characters. A reader upstream may take other forms for
 * numbers, therefore they are "unknown" to a policy and never "not over the limit".
 */
export const parseDecimal = (text: string): Decimal | undefined => {
  if (text.length > DECIMAL_CHARS_MAX) return undefined;
  const match = PLAIN.exec(text);
  if (!match) return undefined;
  const fraction = match[3] ?? '';
  return { unscaled: BigInt(`${match[1]}${match[2]}${fraction}`), scale: fraction.length };
};

/**
 * The decimal that RFC 8785 writes for this number, which is what the ledger keeps and the upstream reads.
 * Undefined for what JSON cannot hold.
 */
export const decimalOfNumber = (value: number): Decimal | undefined => {
  if (!Number.isFinite(value)) return undefined;
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? { unscaled: digits, scale } : { unscaled: digits * 10n ** BigInt(-scale), scale: 0 };
};

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`; exact. */
export const compareDecimals = (a: Decimal, b: Decimal): number => {
  const left = a.scale < b.scale ? a.unscaled * 10n ** BigInt(b.scale - a.scale) : a.unscaled;
  const right = b.scale < a.scale ? b.unscaled * 10n ** BigInt(a.scale - b.scale) : b.unscaled;
  return left < right ? -1 : left > right ? 1 : 0;
};

/** One text for each value: `10000.50` and `10000.5` are the same limit and must give the same policy digest. */
export const canonicalDecimal = (text: string): string | undefined => {
  if (parseDecimal(text) === undefined) return undefined;
  const trimmed = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
  return trimmed === '-0' ? '0' : trimmed;
};
