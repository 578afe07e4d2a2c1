import { describe, expect, it } from 'vitest';
import { clearParts, readCookie, readParts, writeCookie, writeParts } from './cookies.js';
import { sealedValues } from './sealed-values.js';

const STRICT = { secure: true, sameSite: 'Strict' } as const;
/** What a browser sends of what it was told to keep. */
const sent = (cookies: readonly string[]): string =>
  cookies
    .filter((cookie) => !cookie.includes('Max-Age=0'))
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

describe('a cookie', () => {
  it('is bound to this host, and no script and no other site can use it', () => {
    expect(writeCookie('a', 'v', 60, STRICT)).toBe(
      '__Host-a=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure',
    );
    expect(writeCookie('a', 'v', 60, { secure: false, sameSite: 'Lax' })).toBe(
      'a=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax',
    );
  });

  it('that comes twice was set by somebody else, too, and counts as none', () => {
    expect(readCookie('__Host-a=1; b=2', 'a', STRICT)).toBe('1');
    expect(readCookie('__Host-a=1; __Host-a=2', 'a', STRICT)).toBeUndefined();
    expect(readCookie('a=1', 'a', STRICT)).toBeUndefined();
  });

  it.each([1, 3_600, 3_601, 10_800])('of %i characters comes back whole', (length) => {
    const value = `${'x'.repeat(length - 1)}y`;
    const cookies = writeParts('s', value, 60, STRICT) ?? [];
    expect(cookies.every((cookie) => cookie.length < 4_096)).toBe(true);
    expect(readParts(sent(cookies), 's', STRICT)).toBe(value);
  });

  it('that is too long is not written, and one with a part missing is none', () => {
    expect(writeParts('s', 'x'.repeat(10_801), 60, STRICT)).toBeUndefined();
    const cookies = writeParts('s', 'x'.repeat(8_000), 60, STRICT) ?? [];
    expect(readParts(sent(cookies.slice(0, 2)), 's', STRICT)).toBeUndefined();
    expect(readParts(sent(cookies.slice(1)), 's', STRICT)).toBeUndefined();
    expect(sent(clearParts('s', STRICT))).toBe('');
  });

  it('that was short after it was long leaves nothing of the long one', () => {
    const short = writeParts('s', 'short', 60, STRICT) ?? [];
    expect(short.filter((cookie) => cookie.includes('Max-Age=0'))).toHaveLength(2);
  });
});

describe('a sealed value', () => {
  const sealed = sealedValues('k'.repeat(32));

  it('opens for its own purpose and key, and for nothing else', () => {
    const text = sealed.seal({ a: 1 }, 'session');
    expect(sealed.open(text, 'session')).toEqual({ a: 1 });
    expect(sealed.open(text, 'sign-in')).toBeUndefined();
    expect(sealedValues('l'.repeat(32)).open(text, 'session')).toBeUndefined();
    expect(sealedValues(undefined).open(text, 'session')).toBeUndefined();
    expect(sealed.seal({ a: 1 }, 'session')).not.toBe(text);
  });

  it('with any byte changed does not open', () => {
    const bytes = Buffer.from(sealed.seal({ token: 't' }, 'session'), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(sealed.open(changed.toString('base64url'), 'session')).toBeUndefined();
    }
    for (const text of ['', 'x', 'A'.repeat(37)]) expect(sealed.open(text, 'session')).toBeUndefined();
  });

  it('has a token of its form that is good for no other form and from no other key', () => {
    const token = sealed.tokenFor('session-1 approval-1');
    expect(sealed.isTokenFor(token, 'session-1 approval-1')).toBe(true);
    expect(sealed.isTokenFor(token, 'session-1 approval-2')).toBe(false);
    expect(sealed.isTokenFor('', 'session-1 approval-1')).toBe(false);
    expect(sealedValues('l'.repeat(32)).isTokenFor(token, 'session-1 approval-1')).toBe(false);
  });

  it('needs a key that is long enough', () => {
    expect(() => sealedValues('k'.repeat(31))).toThrow(/session_key/);
  });
});
