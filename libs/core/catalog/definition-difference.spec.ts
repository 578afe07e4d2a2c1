import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../evidence/canonical-json.js';
import { differences, visibleJson } from './definition-difference.js';

describe('the difference of two definitions', () => {
  it('names each place with both sides', () => {
    const pinned = { description: 'Reads.', annotations: { readOnlyHint: true }, title: 'T', 'a/b~c': 1 };
    const listed = { description: 'Writes.', annotations: { readOnlyHint: false }, extra: [1], 'a/b~c': 2 };
    expect(differences(pinned, listed)).toEqual([
      { at: '/description', pinned: 'Reads.', listed: 'Writes.' },
      { at: '/annotations/readOnlyHint', pinned: true, listed: false },
      { at: '/title', pinned: 'T' },
      { at: '/a~1b~0c', pinned: 1, listed: 2 },
      { at: '/extra', listed: [1] },
    ]);
  });
  it('goes into arrays of one length, and shows arrays of different lengths whole', () => {
    expect(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual([
      { at: '/a/1/b', pinned: 2, listed: 3 },
    ]);
    expect(differences({ a: [1] }, { a: [1, 2] })).toEqual([{ at: '/a', pinned: [1], listed: [1, 2] }]);
  });
  it('is empty for the same value, and only then', () => {
    const value = fc.jsonValue() as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(differences(one, structuredClone(one))).toEqual([]);
        expect(differences(one, other).length === 0).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});

describe('JSON for reading', () => {
  it('hides nothing', () => {
    expect(visibleJson('a\u200bb\u202ec\u001bd\u00a0e f\u0085')).toBe(
      '"a\\u{200b}b\\u{202e}c\\u001bd\\u{a0}e f\\u{85}"',
    );
  });
});
