import type { SeededRandom } from './random.js';

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** Area 001-899 without 666, group 01-99, serial 0001-9999: the rules by which the numbers are assigned. */
export const makeSsn = (random: SeededRandom): string => {
  const area = random.integer(1, 898);
  const group = random.integer(1, 99);
  return `${pad(area >= 666 ? area + 1 : area, 3)}-${pad(group, 2)}-${pad(random.integer(1, 9999), 4)}`;
};

/** The check digit of ISO/IEC 7812-1 (Luhn) for the digits before it. */
export const luhnCheckDigit = (digits: string): number => {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 1 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return (10 - (sum % 10)) % 10;
};

export const makeCardNumber = (random: SeededRandom): string => {
  const digits = random.pick(['4539', '4716', '5218', '5425']) + random.digits(11);
  return digits + luhnCheckDigit(digits);
};

/** The range 555-0100 to 555-0199 belongs to nobody. */
export const makePhone = (random: SeededRandom): string =>
  `(${random.pick(['212', '312', '415', '617', '703', '206'])}) 555-01${random.digits(2)}`;

/** Twelve digits; customer and account number stand in them, so no two accounts get the same. */
export const makeAccountNumber = (
  random: SeededRandom,
  customerIndex: number,
  accountIndex: number,
): string => `${random.integer(31, 97)}${pad(customerIndex, 6)}${accountIndex}${random.digits(3)}`;

export const makeDate = (random: SeededRandom, yearFrom: number, yearTo: number): string =>
  `${random.integer(yearFrom, yearTo)}-${pad(random.integer(1, 12), 2)}-${pad(random.integer(1, 28), 2)}`;

/** Cents as a decimal string: money is never a floating-point number. */
export const decimal = (cents: bigint): string => {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

/** Cents of a decimal string with at most two places. */
export const cents = (amount: string): bigint => {
  const [whole = '0', places = ''] = amount.split('.');
  return BigInt(whole) * 100n + BigInt(places.padEnd(2, '0'));
};
