import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import { refusalOf } from './refusal.fixture.js';
import { type JsonLimits, parseStrictJson, scanStrictJson } from './strict-json.js';

const LIMITS: JsonLimits = { bytes_max: 100_000, depth_max: 64, members_max: 10_000 };
const bytesOf = (text: string) => Buffer.from(text);
const parse = (text: string, limits = LIMITS) => parseStrictJson(bytesOf(text), limits);

const refusal = (bytes: Uint8Array, limits = LIMITS): string => {
  const error = refusalOf(() => parseStrictJson(bytes, limits));
  return error ? `${error.code}: ${error.detail}` : 'accepted';
};

const json = fc
  .jsonValue({ maxDepth: 5, stringUnit: 'binary' })
  .filter((value) => !/\\u0000|__proto__/.test(JSON.stringify(value)))
  .map((value) => JSON.stringify(value));

describe('strict JSON agrees with JSON.parse', () => {
  it('accepts what JSON.stringify writes and gives the same value', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(0, 1, 3), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(parse(spaced)).toStrictEqual(JSON.parse(JSON.stringify(JSON.parse(text))));
      }),
    );
  });

  it('gives the value of JSON.parse, which RFC 8785 can write, for any bytes it accepts', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean()), {
      maxLength: 3,
    });
    let accepted = 0;
    fc.assert(
      fc.property(json, damage, (text, edits) => {
        let bytes = bytesOf(text);
        for (const [at, byte, insert] of edits) {
          const i = at % (bytes.length + 1);
          bytes = Buffer.concat([
            bytes.subarray(0, i),
            Buffer.from([byte]),
            bytes.subarray(insert ? i : i + 1),
          ]);
        }
        if (refusal(bytes) !== 'accepted') return;
        accepted++;
        const value = parseStrictJson(bytes, LIMITS);
        const plain = JSON.parse(
          new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
        ) as Json;
        expect(canonicalJson(value)).toBe(canonicalJson(plain));
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('refuses whatever JSON.parse refuses', () => {
    const fragments = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '0',
      '.5',
      'e1',
      'true',
      'nul',
      ' ',
      '\\',
      '"',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...fragments), { maxLength: 9 }), (parts) => {
        const text = parts.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) expect(refusal(bytesOf(text))).toMatch(/^json_malformed/);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('strict JSON refuses, with the reason and the byte', () => {
  const cases: [title: string, bytes: string | Uint8Array, reason: string][] = [
    ['an empty text', '', 'unexpected end at byte 0'],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), 'byte order mark at byte 0'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), 'expected a key at byte 1'],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'invalid UTF-8 at byte 1'],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'invalid UTF-8 at byte 1'],
    [
      'a character beyond U+10FFFF',
      Buffer.from([0x22, 0x61, 0xf4, 0x90, 0x80, 0x80, 0x22]),
      'invalid UTF-8 at byte 2',
    ],
    ['a cut character', Buffer.from([0x22, 0xc3, 0xa4, 0xc3]), 'invalid UTF-8 at byte 3'],
    ['a NUL byte in a string', '"a\0"', 'control character in a string at byte 2'],
    ['an escaped NUL', '"a\\u0000"', 'escaped NUL at byte 2'],
    ['NUL after the value', '{}\0', 'trailing data at byte 2'],
    ['a line break in a string', '"a\nb"', 'control character in a string at byte 2'],
    ['an unterminated string', '{"a":"b', 'unterminated string at byte 5'],
    ['an unknown escape', '"\\x41"', 'unknown escape at byte 1'],
    ['a short \\u escape', '"\\u12"', 'malformed \\u escape at byte 1'],
    ['a lone high surrogate', '"\\ud800"', 'lone surrogate at byte 1'],
    ['a lone low surrogate', '"\\udc00x"', 'lone surrogate at byte 1'],
    ['a high surrogate before another', '"\\ud800\\ud800"', 'lone surrogate at byte 1'],
    ['a key twice', '{"a":1,"a":1}', 'duplicate key at byte 8'],
    ['a key twice after unescaping', '{"a":1,"\\u0061":2}', 'duplicate key at byte 8'],
    ['an escaped key before its plain form', '{"\\u00e4":1,"ä":2}', 'duplicate key at byte 13'],
    ['a key twice, deep down', '[{"x":{"k":1,"y":{"k":2},"k":3}}]', 'duplicate key at byte 26'],
    ['the key __proto__', '{"__proto__":{}}', 'key __proto__ at byte 2'],
    ['the key __proto__ in escapes', '{"\\u005f_proto__":{}}', 'key __proto__ at byte 2'],
    ['an integer that a double changes', '9007199254740993', 'number loses digits at byte 0'],
    ['the same with a fraction', '[9007199254740993.0]', 'number loses digits at byte 1'],
    ['the same with an exponent', '9007199254740993e0', 'number loses digits at byte 0'],
    ['a negative one', '-123456789012345678901', 'number loses digits at byte 0'],
    ['a number too large for a double', '1e400', 'number out of range at byte 0'],
    ['the same in digits only', '9'.repeat(400), 'number out of range at byte 0'],
    ['a leading zero', '01', 'trailing data at byte 1'],
    ['a plus sign', '+1', 'unexpected character at byte 0'],
    ['a bare fraction', '1.', 'malformed number at byte 0'],
    ['NaN', 'NaN', 'unexpected character at byte 0'],
    ['a comment', '{}//', 'trailing data at byte 2'],
    ['a trailing comma', '{"a":1,}', 'expected a key at byte 7'],
    ['two values', '{} {}', 'trailing data at byte 3'],
    ['single quotes', "{'a':1}", 'expected a key at byte 1'],
    ['a no-break space', Buffer.from([0xc2, 0xa0, 0x31]), 'unexpected character at byte 0'],
  ];
  it.each(cases)('%s', (_, bytes, reason) => {
    expect(refusal(Buffer.from(bytes))).toBe(`json_malformed: ${reason}`);
  });

  it('a duplicate key among many, however many keys there are', () => {
    for (const count of [1, 23, 24, 25, 26, 200]) {
      const keys = Array.from({ length: count }, (_, i) => `"key${i}":0`);
      expect(refusal(bytesOf(`{${keys.join(',')}}`))).toBe('accepted');
      for (const twice of [0, count - 1]) {
        expect(refusal(bytesOf(`{${keys.join(',')},"k\\u0065y${twice}":0}`))).toMatch(/duplicate key/);
      }
    }
  });
});

describe('strict JSON accepts', () => {
  it('the same key in different objects', () => {
    expect(parse('[{"a":1},{"a":{"a":2}}]')).toEqual([{ a: 1 }, { a: { a: 2 } }]);
  });

  it('surrogate pairs in escapes, and U+FEFF inside a string', () => {
    expect(parse('"\\ud83d\\ude00\u{1f600}\ufeff"')).toBe('\u{1f600}\u{1f600}\ufeff');
  });

  it('numbers beyond 2^53-1 that RFC 8785 writes with the same digits', () => {
    const texts = [
      '9007199254740991',
      '9007199254740992',
      '1e22',
      '10000000000000000000000',
      '1.7976931348623157e308',
    ];
    for (const text of texts) expect(parse(text)).toBe(Number(text));
  });

  it('-0 in all spellings, as 0', () => {
    expect(parse('[-0, -0.0, -0e5, -1e-400, {"a":-0}, -1]')).toStrictEqual([0, 0, 0, 0, { a: 0 }, -1]);
  });

  it('any precision and an escaped NUL when the bytes are only passed on', () => {
    const verbatim = { ...LIMITS, verbatim: true };
    expect(parse('[9223372036854775807,"\\u0000"]', verbatim)).toHaveLength(2);
    expect(refusal(bytesOf('[1e400]'), verbatim)).toMatch(/out of range/);
  });
});

describe('limits', () => {
  it('size: one byte over is body_too_large', () => {
    expect(parse('"abc"', { ...LIMITS, bytes_max: 5 })).toBe('abc');
    expect(refusal(bytesOf('"abcd"'), { ...LIMITS, bytes_max: 5 })).toMatch(/^body_too_large/);
  });

  it('depth: 64 levels pass and 65 do not', () => {
    expect(refusal(bytesOf('['.repeat(64) + ']'.repeat(64)))).toBe('accepted');
    expect(refusal(bytesOf('['.repeat(65) + ']'.repeat(65)))).toBe(
      'json_malformed: nested too deep at byte 64',
    );
    expect(refusal(bytesOf('{"a":'.repeat(65)))).toMatch(/nested too deep/);
  });

  it('members: counted over the whole text', () => {
    const limits = { ...LIMITS, members_max: 4 };
    expect(refusal(bytesOf('[1,{"a":[2]}]'), limits)).toBe('accepted');
    expect(refusal(bytesOf('[1,{"a":[2,3]}]'), limits)).toMatch(/too many members/);
  });

  it('hostile numbers and keys are refused in linear time', () => {
    const limits = { bytes_max: 4e6, depth_max: 64, members_max: 1e6 };
    expect(refusal(bytesOf(`1${'0'.repeat(1e6)}1e-999999`), limits)).toBe('accepted');
    const colliding = Array.from({ length: 50_000 }, (_, i) => `"${i}":0`);
    expect(refusal(bytesOf(`{${colliding.join(',')}}`), limits)).toBe('accepted');
  });
});

describe('the scanner', () => {
  it('gives the bytes of each member of the outermost object', () => {
    const bytes = bytesOf(' { "a" : [1, 2] ,"\\u0062":{"c":"}"},"ü":"x" } ');
    const { kind, members } = scanStrictJson(bytes, LIMITS);
    expect(kind).toBe('object');
    expect(members.map(({ key, start, end }) => [key, bytes.subarray(start, end).toString()])).toEqual([
      ['a', '[1, 2]'],
      ['b', '{"c":"}"}'],
      ['ü', '"x"'],
    ]);
  });

  it('gives the bytes of each element of the outermost array', () => {
    const bytes = bytesOf('[ {"a":1}, [2,[3]] ,null]');
    const { kind, elements } = scanStrictJson(bytes, LIMITS);
    expect(kind).toBe('array');
    expect(elements.map(({ start, end }) => bytes.subarray(start, end).toString())).toEqual([
      '{"a":1}',
      '[2,[3]]',
      'null',
    ]);
  });

  it('works on a view into a larger buffer', () => {
    const bytes = Buffer.from('xx{"a":"b"}yy').subarray(2, -2);
    expect(parseStrictJson(bytes, LIMITS)).toEqual({ a: 'b' });
  });
});
