import { BadRequestException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { MEMBERS_MAX, SoundInput, VALUES_MAX } from './sound-input.js';

const pass = (value: unknown, type: 'body' | 'custom' = 'body') =>
  new SoundInput().transform(value, { type });
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const wide = (members: number) =>
  Object.fromEntries(Array.from({ length: members }, (_, at) => [`k${at}`, at]));
const long = (values: number) => [Array.from({ length: values - 1 }, () => 0)];

describe('a body or a query', () => {
  it.each([
    ['as deep as bodies may be', nested(32)],
    ['as wide as an object may be', wide(MEMBERS_MAX)],
    ['with as many values as there may be', long(VALUES_MAX)],
    ['of all kinds of values', { a: 'Zoë 😀', b: [1, null, true], c: {} }],
    ['that is text', 'x'],
    ['that is absent', undefined],
    ['of bytes', Buffer.alloc(50_000)],
  ])('%s is handed on as it is', (_, value) => {
    expect(pass(value)).toBe(value);
  });

  it.each([
    ['deeper than that', nested(33)],
    ['so deep that nothing recursive could read it', nested(100_000)],
    ['wider than that', { a: wide(MEMBERS_MAX + 1) }],
    ['with more values than that', long(VALUES_MAX + 1)],
    ['with text that is not Unicode', { a: [{ b: 'x\ud800' }] }],
    ['with a name that is not Unicode', { '\udc00': 1 }],
    ['that is text and not Unicode', '\ud800'],
  ])('%s is refused', (_, value) => {
    expect(() => pass(value)).toThrow(BadRequestException);
  });

  it('is no business of what we make ourselves, such as the caller', () => {
    const caller = { groups: long(VALUES_MAX + 1) };
    expect(pass(caller, 'custom')).toBe(caller);
  });
});
