import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalDecimal, compareDecimals, type Decimal, decimalOfNumber, parseDecimal } from './decimal.js';

const decimal = (text: string): Decimal => {
  const parsed = parseDecimal(text);
  if (parsed === undefined) throw new Error(`not a decimal: ${text}`);
  return parsed;
};

describe('decimals', () => {
  it.each([
    '',
    '+1',
    '01',
    '1.',
    '.5',
    '1e3',
    '1,000',
    ' 1',
    '1 ',
    '0x10',
    'NaN',
    '--1',
    '1'.repeat(65),
    '１',
  ])('only plain decimal text is a number: %j is not', (text) => expect(parseDecimal(text)).toBeUndefined());

  it.each([
    ['10000.50', '10000.5', 0],
    ['10000.500000000000000001', '10000.5', 1],
    ['-0', '0', 0],
    ['-2', '-10', 1],
    ['0.1', '0.09999999999999999999999', 1],
    ['9007199254740993', '9007199254740992', 1],
  ])('text compares exactly: %s and %s', (a, b, sign) => {
    expect(compareDecimals(decimal(a), decimal(b))).toBe(sign);
    expect(compareDecimals(decimal(b), decimal(a))).toBe(sign === 0 ? 0 : -sign);
  });

  it.each([
    [1e21, '1000000000000000000000'],
    [1.5e-7, '0.00000015'],
    [-0.25, '-0.25'],
    [-0, '0'],
    [0.1, '0.1'],
  ])('a number is the decimal that JSON writes: %s', (value, text) => {
    expect(compareDecimals(decimalOfNumber(value) as Decimal, decimal(text))).toBe(0);
  });

  it('what JSON cannot hold is not a number', () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY].map(decimalOfNumber)).toEqual([undefined, undefined]);
  });

  it('numbers keep their order as decimals', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        const [left, right] = [decimalOfNumber(a), decimalOfNumber(b)];
        if (left === undefined || right === undefined) return;
        expect(compareDecimals(left, right)).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it.each([
    ['10000.50', '10000.5'],
    ['10000.00', '10000'],
    ['1000', '1000'],
    ['-0.0', '0'],
    ['0', '0'],
    ['1e3', undefined],
  ])('a value has one canonical text: %s is %s', (text, canonical) => {
    expect(canonicalDecimal(text)).toBe(canonical);
  });
});
