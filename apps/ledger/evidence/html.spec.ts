import fc from 'fast-check';
import { expect, it } from 'vitest';
import { html } from './html.js';

it('a value can neither begin an element nor end an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const { text } = html`<a href="#${value}">${value}</a>`;
      expect(text.match(/[<>]/g)).toHaveLength(4);
      expect(text.match(/"/g)).toHaveLength(2);
    }),
  );
});

it('what turns or hides text is shown as its code point', () => {
  expect(html`${'pay\u202e\u200b'}`.text).toBe('pay\ufffd[U+202E]\ufffd[U+200B]');
});

it('markup stays markup, alone and in lists', () => {
  expect(html`<ul>${[html`<li>${'<'}</li>`, html`<li>2</li>`]}</ul>`.text).toBe(
    '<ul><li>&lt;</li><li>2</li></ul>',
  );
});
