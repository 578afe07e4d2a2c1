import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masked, textResult } from './masking.fixture.js';

/** Keys under which such values usually stand, and free text around them. */
const places = (value: string | number): unknown[] => [
  { structuredContent: { id: value, order_id: value, trace: value, updated_at: value, value } },
  textResult(`see ${value} and ${value}.`),
];
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });

/** Values that look a little like personal data and are none. */
const nearMisses: readonly (readonly [string, fc.Arbitrary<string | number>])[] = [
  ['UUIDs', fc.uuid()],
  [
    'UUIDs of digits',
    fc.tuple(digits(8), digits(4), digits(4), digits(4), digits(12)).map((groups) => groups.join('-')),
  ],
  ['SHA-1 digests', hex(40)],
  ['SHA-256 digests', hex(64).map((digest) => `sha256:${digest}`)],
  [
    'ISO times',
    fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
      .map((date) => date.toISOString()),
  ],
  [
    'ISO dates',
    fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
      .map((date) => date.toISOString().slice(0, 10)),
  ],
  ['epoch seconds', fc.integer({ min: 1_000_000_000, max: 1_999_999_999 })],
  ['epoch milliseconds', fc.integer({ min: 1_000_000_000_000, max: 1_999_999_999_999 })],
  ['epoch microseconds', fc.integer({ min: 1_500_000_000_000_000, max: 1_999_999_999_999_999 })],
  ['versions', fc.tuple(fc.nat(30), fc.nat(99), fc.nat(9999)).map((parts) => parts.join('.'))],
  [
    'amounts',
    fc
      .tuple(fc.nat(999), fc.nat(999), fc.nat(99))
      .map(([a, b, c]) => `$${a},${String(b).padStart(3, '0')}.${String(c).padStart(2, '0')}`),
  ],
  [
    'floats',
    fc
      .double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true })
      .filter((float) => !/e/.test(String(float))),
  ],
  ['bare nine digits', digits(9)],
  ['bare ten digits', digits(10)],
  ['order numbers', fc.tuple(digits(3), digits(7), digits(7)).map((groups) => groups.join('-'))],
  ['ZIP+4', fc.tuple(digits(5), digits(4)).map((groups) => groups.join('-'))],
  ['IPv4 addresses', fc.ipV4()],
  ['ULIDs', fc.ulid()],
];

describe('nothing is masked in values that only resemble personal data', () => {
  it.each(nearMisses)('%s', (_, values) => {
    fc.assert(
      fc.property(values, (value) => {
        for (const body of places(value)) expect(masked(body)).toBe(JSON.stringify(body));
      }),
      { numRuns: 300 },
    );
  });
});
