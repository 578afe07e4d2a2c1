import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import { MASKING_LIMITS } from './finding.js';
import { type MaskingSurface, maskBody } from './mask-body.js';
import { bytesOf, EVERYTHING, masked, profileOf, textOf, textResult } from './masking.fixture.js';
import { isStillClear } from './second-gate.js';

const codeOf = (
  body: Uint8Array | string,
  surface: MaskingSurface = 'arguments',
  limits = MASKING_LIMITS,
): string => {
  try {
    maskBody(typeof body === 'string' ? bytesOf(body) : body, surface, EVERYTHING, limits);
    return 'masked';
  } catch (error) {
    return error instanceof CountersignError ? error.code : String(error);
  }
};

describe('a body that cannot be read completely and unambiguously is blocked', () => {
  it.each([
    ['nothing', ''],
    ['cut off', '{"a":1'],
    ['trailing text', '{"a":1} x'],
    ['a trailing comma', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
    ['a leading zero', '{"a":01}'],
    ['NaN', '{"a":NaN}'],
    ['a raw control character', '{"a":"\n"}'],
    ['an unknown escape', '{"a":"\\x41"}'],
    ['a cut escape', '{"a":"\\u00'],
    ['a byte order mark', '\ufeff{}'],
    ['duplicate keys', '{"a":1,"a":2}'],
    ['duplicate keys, one of them escaped', '{"a":1,"\\u0061":2}'],
    ['duplicate keys deep inside', '[{"x":{"a":{},"b":1,"a":2}}]'],
    ['65 levels', '['.repeat(65) + ']'.repeat(65)],
  ])('%s', (_, body) => expect(codeOf(body)).toBe('masking_blocked'));

  it('bytes that are not UTF-8', () =>
    expect(codeOf(new Uint8Array([0x22, 0xff, 0x22]))).toBe('masking_blocked'));
  it('a result or error that is no object', () => {
    expect(codeOf('[]', 'result')).toBe('masking_blocked');
    expect(codeOf('"x"', 'error')).toBe('masking_blocked');
  });
  it('64 levels are read', () => expect(codeOf('['.repeat(64) + ']'.repeat(64))).toBe('masked'));
  it('one byte over body_bytes_max', () => {
    const limits = { ...MASKING_LIMITS, body_bytes_max: 10 };
    expect(codeOf('"12345678"', 'arguments', limits)).toBe('masked');
    expect(codeOf('"123456789"', 'arguments', limits)).toBe('masking_blocked');
  });
  it('never says what the body says', () => {
    expect(() => masked('{"ssn":"523-96-8051",}', 'arguments')).toThrow(
      /^masking_blocked: the body is not JSON$/,
    );
  });
});

describe('a part over the limit is blocked or kept by the profile', () => {
  const limits = { ...MASKING_LIMITS, leaf_chars_max: 20, nesting_max: 2 };
  const nested = JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: '523-96-8051' }) }) });
  const run = (body: unknown, profile = EVERYTHING) =>
    textOf(maskBody(bytesOf(body), 'arguments', profile, limits).masked);

  it('a string over leaf_chars_max', () => {
    expect(run({ a: 'x'.repeat(21), b: 'x'.repeat(20) })).toBe(
      `{"a":"[BLOCKED: over-limit]","b":"${'x'.repeat(20)}"}`,
    );
    expect(run({ a: 'x'.repeat(21) }, profileOf(['PAN'], { 'over-limit': 'keep' }))).toBe(
      `{"a":"${'x'.repeat(21)}"}`,
    );
  });
  it('JSON inside JSON strings beyond nesting_max', () => {
    const deep = { ...limits, leaf_chars_max: 1000 };
    expect(textOf(maskBody(bytesOf({ x: nested }), 'arguments', EVERYTHING, deep).masked)).toContain(
      '[BLOCKED: over-limit]',
    );
    expect(maskBody(bytesOf({ x: nested }), 'arguments', EVERYTHING, deep).blocked).toBe(true);
    expect(
      maskBody(bytesOf({ x: nested }), 'arguments', EVERYTHING, { ...deep, nesting_max: 3 }).blocked,
    ).toBe(false);
  });
});

describe('the second gate', () => {
  const both = profileOf(['US_SSN', 'PAN']);
  it.each([
    '523-96-8051',
    'x523-96-8051',
    '4111111111111111',
    '"4111 1111 1111 1111"',
    '4111-1111-1111-1111,',
    '3782 822463 10005',
    '"5555555555554444"',
  ])('finds %s', (text) => expect(isStillClear(text, both)).toBe(true));
  it.each([
    '[US_SSN]',
    '900-00-8051',
    '1523-96-8051',
    '4111111111111112',
    '0.4111111111111111',
    '1756635731123',
    'f4111111111111111',
  ])('lets %s pass', (text) => expect(isStillClear(text, both)).toBe(false));
  it('looks only for kinds of the profile', () => {
    expect(isStillClear('523-96-8051', profileOf(['PAN']))).toBe(false);
    expect(isStillClear('4111111111111111', profileOf(['US_SSN']))).toBe(false);
  });
  it('blocks a body whose unread part shows personal data', () => {
    const profile = profileOf(['US_SSN'], { 'over-limit': 'keep' });
    const limits = { ...MASKING_LIMITS, leaf_chars_max: 5 };
    expect(() => maskBody(bytesOf({ a: '523-96-8051' }), 'arguments', profile, limits)).toThrow(
      /masking_blocked/,
    );
  });
});

describe('what is not masked stays as it was', () => {
  it('byte for byte: numbers, spaces, escapes, order', () => {
    const body =
      '{ "structuredContent" : {"n":1.10, "big":12345678901234567890,"e":1e3,\n"u":"\\u00e9\\/","__proto__":{"x":1},"ssn":523968051 } }';
    expect(masked(body)).toBe(body.replace('523968051', '"[US_SSN]"'));
  });
  it('is the very same array when there is nothing to mask', () => {
    const body = bytesOf(textResult('nothing here'));
    expect(maskBody(body, 'result', EVERYTHING).masked).toBe(body);
  });
  it('a kind that the profile does not name', () => {
    const body = JSON.stringify({ ssn: '523-96-8051', name: 'Jane', card: '4111111111111111' });
    expect(masked(body, 'arguments', profileOf(['PAN']))).toBe(body.replace('4111111111111111', '[PAN]'));
    expect(masked(body, 'arguments', profileOf([]))).toBe(body);
  });
});
