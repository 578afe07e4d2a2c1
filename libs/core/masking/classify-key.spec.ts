import { describe, expect, it } from 'vitest';
import { KEPT_KEYS_MAX, readKey, readKeyOnce } from './classify-key.js';
import { masked } from './masking.fixture.js';

const KEYS = ['customerSSN', 'name', 'fileName', 'order_id', 'Konto', 'blob', 'ACCT_NO', 'mothersMaidenName'];
/** Letters only, so that each is a plain word. */
const wordOf = (n: number): string =>
  String(n).replaceAll(/\d/g, (digit) => String.fromCharCode(97 + Number(digit)));

describe('what a key means is remembered over bodies', () => {
  it('says the same as reading the key anew, before and after more keys than are kept', () => {
    for (const key of KEYS) expect(readKeyOnce(key)).toEqual(readKey(key));
    for (let i = 0; i <= KEPT_KEYS_MAX; i++) readKeyOnce(wordOf(i));
    for (const key of KEYS) expect(readKeyOnce(key)).toEqual(readKey(key));
  });

  it('keeps plain words', () => {
    expect(readKeyOnce('shippingAddress')).toBe(readKeyOnce('shippingAddress'));
  });

  it('makes room when it is full', () => {
    const before = readKeyOnce('callbackNumber');
    for (let i = 0; i <= KEPT_KEYS_MAX; i++) readKeyOnce(`q${wordOf(i)}`);
    expect(readKeyOnce('callbackNumber')).not.toBe(before);
  });

  it.each(['523-96-8051', 'Jane Doe', 'jane@example.com'])(
    'keeps no key that could be data itself: %s',
    (key) => {
      expect(readKeyOnce(key)).toEqual(readKey(key));
      expect(readKeyOnce(key)).not.toBe(readKeyOnce(key));
    },
  );

  it('forgets what another profile or place made of the key', () => {
    const body = { structuredContent: { ssn: '523968051', '[US_SSN]': { ssn: 'pending' } } };
    const once = masked(body);
    masked({ structuredContent: { ssn: { ssn: '1' }, name: 'Jane Doe' } }, 'result', {
      name: 'none',
      rules: [],
      unscannable: { image: 'keep', audio: 'keep', binary: 'keep', 'over-limit': 'keep' },
    });
    expect(masked(body)).toBe(once);
    expect(once).not.toContain('523968051');
  });
});
