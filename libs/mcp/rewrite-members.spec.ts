import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rewriteMembers } from './rewrite-members.js';

const rewrite = (text: string, changes: Parameters<typeof rewriteMembers>[1]): string =>
  Buffer.from(rewriteMembers(Buffer.from(text), changes)).toString('utf8');

describe('members of a result', () => {
  it.each([
    ['{}', { set: { resultType: '"complete"' } }, '{"resultType":"complete"}'],
    ['{"a":1}', { set: { b: '2' } }, '{"b":2,"a":1}'],
    ['{"a":1,"b":2}', { set: { a: '{"x":null}' } }, '{"a":{"x":null},"b":2}'],
    ['{"a":1,"ttlMs":5,"b":2}', { remove: ['ttlMs'] }, '{"a":1,"b":2}'],
    ['{"ttlMs":5}', { remove: ['ttlMs'] }, '{}'],
    ['{ \n }', { set: { a: '1' } }, '{"a":1}'],
    ['{ "b" :1}', { set: { a: '1' } }, '{"a":1,"b" :1}'],
    ['{"\\u0061":1}', { set: { a: '2' } }, '{"a":2}'],
    ['{"\\u0061":1}', { remove: ['a'] }, '{}'],
    ['{"a":{"ttlMs":5}}', { remove: ['ttlMs'] }, '{"a":{"ttlMs":5}}'],
  ])('of %s are changed as asked, only the outermost', (text, changes, expected) => {
    expect(rewrite(text, changes)).toBe(expected);
  });

  it('keeps the bytes of every value it does not change', () => {
    expect(rewrite('{"n":1.50, "s" : "\\u00e9\\/" }', { set: { t: 'true' } })).toBe(
      '{"t":true,"n":1.50,"s":"\\u00e9\\/"}',
    );
  });

  it('says the same as changing the parsed object, whatever the object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const names = Object.keys(object);
        const text = JSON.stringify(object);
        // What strict JSON refuses never gets here.
        fc.pre(!/__proto__|\\u0000|\\ud[89a-f]/.test(text));
        const changed: Record<string, unknown> = { ...object, resultType: 'complete' };
        const [removed] = names;
        if (removed !== undefined && removed !== 'resultType') delete changed[removed];
        const rewritten = rewrite(text, {
          set: { resultType: '"complete"' },
          ...(removed === undefined ? {} : { remove: [removed] }),
        });
        expect(JSON.parse(rewritten)).toEqual(JSON.parse(JSON.stringify(changed)));
      }),
    );
  });
});
