import { expect, it } from 'vitest';
import { clientText } from './client-text.js';

it.each([
  ['a name', 'Claude Code 2.1', 'Claude Code 2.1'],
  ['no text', 7, ''],
  ['a long one', 'x'.repeat(65), 'x'.repeat(64)],
  ['one that forges a line', 'a\r\n\u0085{"b":"\\', 'a   { b :  '],
  ['a pair cut in two', `${'x'.repeat(63)}\u{1f600}`, `${'x'.repeat(63)}\ufffd`],
])('what a client calls itself: %s', (_, said, kept) => {
  expect(clientText(said)).toBe(kept);
});
