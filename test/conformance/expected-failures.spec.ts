import { describe, expect, it } from 'vitest';
import { compare } from './expected-failures.js';

const found = new Map<string, readonly string[]>([
  ['passes', []],
  ['fails', ['check-1: wrong']],
]);

describe('the comparison with the expected failures', () => {
  it('counts what passes and names what nobody expects to fail', () => {
    const { passed, of, unexpected, stale } = compare(found, []);
    expect([passed, of]).toEqual([1, 2]);
    expect(unexpected).toEqual({ fails: ['check-1: wrong'] });
    expect(stale).toEqual([]);
  });

  it('lets an expected failure be', () => {
    expect(compare(found, ['fails'])).toMatchObject({ passed: 1, unexpected: {}, stale: [] });
  });

  it('names an expected failure that passes, and one that the run does not know', () => {
    expect(compare(found, ['fails', 'passes', 'unknown']).stale).toEqual(['passes', 'unknown']);
  });
});
