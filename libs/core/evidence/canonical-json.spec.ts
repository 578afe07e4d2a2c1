import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from './canonical-json.js';

describe('canonicalJson', () => {
  it('writes what the canonicalize package writes, for any JSON value', () => {
    const key = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.nat().map(String),
      fc.constantFrom('__proto__', 'toString', '', '\u20ac', '\ud83d\ude00', '\ufb33'),
    );
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.string({ unit: 'binary' }),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(key, tie('value'), { maxKeys: 6 }) as fc.Arbitrary<Json>,
      ),
    }));
    fc.assert(
      fc.property(value, (json) => {
        expect(canonicalJson(json)).toBe(canonicalize(json));
      }),
      { numRuns: 2_000 },
    );
  });

  it('sorts keys by UTF-16 code units, as RFC 8785 section 3.2.3 shows', () => {
    // The example of that section, its keys from the last to the first.
    const names = ['\ufb33', '\ud83d\ude00', '\u20ac', '\u00f6', '\u0080', '1', '\r'];
    const text = canonicalJson(Object.fromEntries(names.map((name) => [name, name])));
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    expect(text).toBe(
      `{${sorted.map((name) => `${JSON.stringify(name)}:${JSON.stringify(name)}`).join(',')}}`,
    );
  });

  it.each([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ['\ud800'],
    [{ a: '\udc00' }],
    [{ '\ud800': 1 }],
    [undefined],
    [[undefined]],
    [{ a: () => 1 }],
    [{ a: 1n }],
    [{ toJSON: () => 1 }],
  ])('refuses what JSON cannot say exactly: %o', (value) => {
    expect(() => canonicalJson(value as unknown as Json)).toThrow(TypeError);
  });
});
