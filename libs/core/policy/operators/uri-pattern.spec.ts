import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileUriPattern } from './uri-pattern.js';

const toRegExp = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[.?]/g, '\\$&').replaceAll('*', '.*')}$`, 's');

describe('a resource pattern', () => {
  it.each([
    ['test://t/1', 'test://t/1', true],
    ['test://t/1', 'test://t/10', false],
    ['test://t/*', 'test://t/1', true],
    ['test://t/*', 'test://t/1/2?q=*', true],
    ['test://t/*', 'test://t/', true],
    ['test://t/*', 'test://t', false],
    ['test://t/*', 'TEST://t/1', false],
    ['test://t/*', 'test://t/{id}', true],
    ['test://t/{id}', 'test://t/{id}', true],
    ['test://t/{id}', 'test://t/1', false],
    ['*', 'a:', true],
    ['*.csv', 'file:///a.csv', true],
    ['*.csv', 'file:///a.csv.txt', false],
    ['file:///*/a/*.csv', 'file:///x/a/y.csv', true],
    ['file:///*/a/*.csv', 'file:///a.csv', false],
    ['a:?', 'a:b', false],
    ['ab*ba', 'aba', false],
  ])('%s on %s is %s', (pattern, uri, matches) => {
    expect(compileUriPattern(pattern)(uri)).toBe(matches);
  });

  it('agrees with the regular expression of the same meaning', () => {
    const text = (chars: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...chars), maxLength });
    fc.assert(
      fc.property(text('ab/**?.', 8), text('ab/?.', 12), (pattern, uri) => {
        expect(compileUriPattern(pattern)(uri)).toBe(toRegExp(pattern).test(uri));
      }),
      { numRuns: 5000 },
    );
  });
});
