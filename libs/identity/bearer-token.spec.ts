import { describe, expect, it } from 'vitest';
import { bearerToken } from './bearer-token.js';

describe('bearerToken', () => {
  it('takes the one credential of the scheme Bearer, in whatever case the scheme is written', () => {
    expect(bearerToken('Bearer abc.def.ghi')).toBe('abc.def.ghi');
    expect(bearerToken('bearer abc')).toBe('abc');
    expect(bearerToken('BEARER  a+b/c~d==')).toBe('a+b/c~d==');
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearerabc', 'abc', ' Bearer abc', 'DPoP abc'])(
    'finds no token in %j',
    (header) => {
      expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: 'token_missing' }));
    },
  );

  it.each([
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer a,b',
    'Bearer "a"',
    'Bearer =a',
    'Bearer a\tb',
    'Bearer tökén',
    `Bearer ${'x'.repeat(16 * 1024 + 1)}`,
  ])('refuses what is not exactly one credential', (header) => {
    expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: 'token_invalid' }));
  });

  it('takes a token of exactly 16 KB', () => {
    expect(bearerToken(`Bearer ${'x'.repeat(16 * 1024)}`)).toHaveLength(16 * 1024);
  });
});
