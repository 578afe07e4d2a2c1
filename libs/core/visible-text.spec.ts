import { describe, expect, it } from 'vitest';
import { saidText, visibleJsonText, visibleLines, visibleStrings, visibleText } from './visible-text.js';

describe('text that somebody else has chosen', () => {
  it.each([
    ['pay 1\u202e0001', 'pay 1\\u{202e}0001'],
    ['\u001b[2Kdigest', '\\u{1b}[2Kdigest'],
    ['one\nline', 'one\\u{a}line'],
    ['a\u200bb\u3164c\u00a0d\u009b', 'a\\u{200b}b\\u{3164}c\\u{a0}d\\u{9b}'],
    ['plain, Zoë, 東京, 😀', 'plain, Zoë, 東京, 😀'],
  ])('%j hides nothing', (text, seen) => {
    expect(visibleText(text)).toBe(seen);
    expect(visibleStrings({ a: [text], n: 1, none: null })).toEqual({ a: [seen], n: 1, none: null });
  });

  it('keeps its own lines where it may have some', () => {
    expect(visibleLines('one\n\ttwo\u0085\r\n')).toBe('one\n\ttwo\\u{85}\\u{d}\n');
  });

  it('says nothing where nothing of it is seen', () => {
    expect(saidText(' \u200b\u3164\u00a0\ufe0f\n ')).toBe('');
    expect(saidText(undefined)).toBe('');
    expect(saidText(' because\u200b 😀 ')).toBe('because\u200b 😀');
  });

  it('stays the same value as JSON', () => {
    const value = { a: 'x\u202ey\u200b\u{e0041}\u009b', 'k\u2066': '\u001b\n"' };
    const text = visibleJsonText(JSON.stringify(value, null, 2));
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(JSON.parse(text)).toEqual(value);
  });
});
