import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, GLOB_VALUE_CHARS_MAX } from './glob.js';

const toRegExp = (pattern: string): RegExp => {
  const body = pattern
    .replace(/\*{2,}/g, '\u0001')
    .replaceAll('*', '[^/]*')
    .replaceAll('\u0001', '.*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${body}$`, 'su');
};

describe('glob', () => {
  it.each([
    ['reports/*.csv', 'reports/a.csv', true],
    ['reports/*.csv', 'reports/2026/a.csv', false],
    ['reports/**', 'reports/2026/a.csv', true],
    ['reports/**/x', 'reports//x', true],
    ['t_?', 't_1', true],
    ['t_?', 't_/', false],
    ['t_?', 't_', false],
    ['?', '\u{1F4B6}', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['A', 'a', false],
    ['**', '', true],
  ])('%s on %s is %s', (pattern, value, matches) => {
    expect(compileGlob(pattern)(value)).toBe(matches);
  });

  it('agrees with the regular expression of the same meaning', () => {
    const text = (chars: string) => fc.string({ unit: fc.constantFrom(...chars), maxLength: 9 });
    fc.assert(
      fc.property(text('ab/*?'), text('ab/'), (pattern, value) => {
        expect(compileGlob(pattern)(value)).toBe(toRegExp(pattern).test(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('a value over the limit is unknown, one at the limit is not', () => {
    const glob = compileGlob('**');
    expect(glob('a'.repeat(GLOB_VALUE_CHARS_MAX))).toBe(true);
    expect(glob('a'.repeat(GLOB_VALUE_CHARS_MAX + 1))).toBeUndefined();
  });
});
