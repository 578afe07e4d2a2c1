import { describe, expect, it } from 'vitest';
import type { Json } from '../evidence/canonical-json.js';
import { INDEX_TERMS_MAX, INDEX_TEXT_CHARS_MAX, indexTerms, queryTerms } from './index-terms.js';
import { normalField, normalForms } from './normal-forms.js';

/** Would a search for the value find the payload? */
const finds = (payload: Json, value: string, field?: string): boolean => {
  const { terms } = indexTerms(payload);
  const known = new Set(terms.map((term) => `${term.field}\0${term.form}`));
  return queryTerms(value, field).some((term) => known.has(`${term.field}\0${term.form}`));
};

describe('two values are the same to a search', () => {
  it.each([
    ['in another case', 'Ana SILVA', 'ana silva'],
    ['with other white space around and inside', ' Ana \u00a0 Silva\n', 'Ana Silva'],
    ['in a compatible form of Unicode', 'Ｃ－１０４２', 'C-1042'],
    ['with ß and ss', 'Straße 5', 'STRASSE 5'],
    ['of an SSN with and without dashes', '523-96-8051', '523968051'],
    ['of an SSN with blanks', '523 96 8051', '523-96-8051'],
    ['of a card number in groups', '4111 1111 1111 1111', '4111111111111111'],
    ['of a phone number with and without its country code', '+1 (415) 555-0123', '415-555-0123'],
    ['of an amount with zeros at its end', '10000.00', '10000'],
  ])('%s', (_, one, other) => {
    const forms = new Set(normalForms(one));
    expect(normalForms(other).some((form) => forms.has(form))).toBe(true);
  });

  it.each([
    ['of different digits', '523-96-8051', '523-96-8052'],
    ['of an amount and the digits it is written with', '1234567.89', '123456789'],
    ['of words that only begin alike', 'C-1042', 'C-10421'],
    ['of short numbers in groups', '12-34', '1234'],
  ])('but not %s', (_, one, other) => {
    const forms = new Set(normalForms(one));
    expect(normalForms(other).some((form) => forms.has(form))).toBe(false);
  });

  it('has no form when there is nothing, or far too much', () => {
    expect(normalForms('  ')).toEqual([]);
    expect(normalForms('x'.repeat(257))).toEqual([]);
    expect(normalForms('x'.repeat(256))).toHaveLength(1);
  });

  it('knows a field by its name however it is written', () => {
    for (const name of ['customer_id', 'customerId', 'Customer-ID'])
      expect(normalField(name)).toBe('customerid');
  });
});

describe('a payload is found', () => {
  const result: Json = {
    structuredContent: { customers: [{ id: 'C-1042', ssn: '523-96-8051', balance: 12.5 }] },
    content: [
      { type: 'text', text: '{"customers":[{"customer_id":"C-1043"}]}' },
      {
        type: 'text',
        text: 'Statement of C-1044 (acct. 83910274, mail ana@example.org), see files/C-1045-2026.txt.',
      },
    ],
  };

  it.each([
    ['a value of structured content', 'c-1042', undefined],
    ['the same by its field', 'C-1042', 'ID'],
    ['a number', '12.5', 'balance'],
    ['JSON inside a text', 'C-1043', 'customerId'],
    ['a word with a digit in running text', 'C-1044', undefined],
    ['an account number in running text', '83910274', undefined],
    ['an e-mail address in running text', 'Ana@Example.org', undefined],
    ['the name of a file at the end of a path', 'C-1045-2026.txt', undefined],
    ['an identifier that begins the name of a file', 'C-1045', undefined],
  ])('by %s', (_, value, field) => {
    expect(finds(result, value, field)).toBe(true);
  });

  it('by a value of another field only when no field is asked for', () => {
    expect(finds(result, 'C-1042', 'account_id')).toBe(false);
    expect(finds(result, '523968051', 'id')).toBe(false);
  });

  it('by no word without a digit, and by no value it does not hold', () => {
    expect(finds(result, 'Statement')).toBe(false);
    expect(finds(result, 'C-104')).toBe(false);
  });

  it('by a URI and by what stands in it', () => {
    const read: Json = { uri: 'bank://customers/C-1042' };
    expect(finds(read, 'bank://customers/C-1042', 'uri')).toBe(true);
    expect(finds(read, 'C-1042')).toBe(true);
  });

  it('by text that travels as base64, and never by pictures', () => {
    const data = Buffer.from('id,ssn\nC-1042,523-96-8051\n').toString('base64');
    const contents = (mimeType: string): Json => ({ contents: [{ uri: 'file:///a', mimeType, blob: data }] });
    expect(finds(contents('text/csv'), '523968051')).toBe(true);
    expect(finds(contents('image/png'), '523968051')).toBe(false);
  });
});

describe('what is too large', () => {
  it('is indexed up to the limit of terms, and says so', () => {
    const many = Array.from({ length: INDEX_TERMS_MAX + 10 }, (_, n) => `C-${n}`);
    const { terms, truncated } = indexTerms({ many });
    expect(truncated).toBe(true);
    expect(terms.length).toBeGreaterThanOrEqual(INDEX_TERMS_MAX);
    expect(terms.length).toBeLessThan(INDEX_TERMS_MAX + 20);
    expect(indexTerms({ few: many.slice(0, 100) }).truncated).toBe(false);
  });

  it('of text, nesting, or base64 is left out, and says so', () => {
    expect(indexTerms({ text: 'x '.repeat(INDEX_TEXT_CHARS_MAX) }).truncated).toBe(true);
    const blob = 'QUFB'.repeat(INDEX_TEXT_CHARS_MAX / 4 + 1);
    expect(indexTerms({ mimeType: 'text/plain', blob }).truncated).toBe(true);
    let deep: Json = 'C-1042';
    for (let depth = 0; depth < 70; depth++) deep = [deep];
    expect(indexTerms(deep)).toEqual({ terms: [], truncated: true });
  });

  it('in words does not take forever', () => {
    const start = performance.now();
    for (const text of [
      'a1-'.repeat(100_000),
      '/1'.repeat(200_000),
      '1 '.repeat(250_000),
      '@'.repeat(500_000),
    ])
      indexTerms({ text });
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});
