import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Weekday } from '../policy.types.js';
import { compileChangeWindow, readInstant } from './change-window.js';

const window = (days: readonly Weekday[], from: string, to: string) =>
  compileChangeWindow({ op: 'changeWindow', days, from, to, timeZone: 'UTC' });

describe('changeWindow', () => {
  // 2026-11-02 is a Monday.
  it.each([
    ['2026-11-02T09:00:00Z', true],
    ['2026-11-02T08:59:59.999Z', false],
    ['2026-11-02T16:59:59Z', true],
    ['2026-11-02T17:00:00Z', false],
    ['2026-11-03T12:00:00Z', false],
  ])('from counts and to does not: %s', (now, inside) => {
    expect(window(['mon'], '09:00', '17:00')(now)).toBe(inside);
  });

  it.each([
    ['2026-11-02T22:00:00Z', true],
    ['2026-11-03T03:59:00Z', true],
    ['2026-11-03T04:00:00Z', false],
    ['2026-11-03T22:00:00Z', false],
    ['2026-11-02T03:00:00Z', false],
  ])('a window over midnight belongs to the day it starts on: %s', (now, inside) => {
    expect(window(['mon'], '22:00', '04:00')(now)).toBe(inside);
  });

  it('24:00 is the end of the day', () => {
    expect(window(['mon'], '00:00', '24:00')('2026-11-02T23:59:60Z')).toBe(true);
    expect(window(['mon'], '00:00', '24:00')('2026-11-03T00:00:00Z')).toBe(false);
  });

  it.each([
    '',
    '2026-11-02',
    '2026-11-02T09:00:00+00:00',
    '2026-11-02t09:00:00z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-02T24:00:00Z',
  ])('%j is no instant in UTC and therefore unknown', (now) =>
    expect(window(['mon'], '00:00', '24:00')(now)).toBeUndefined(),
  );

  it('the weekday is the one of the Gregorian calendar', () => {
    const noInvalidDate = true;
    const days = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate,
    });
    fc.assert(
      fc.property(days, (date) => {
        const minute = date.getUTCHours() * 60 + date.getUTCMinutes();
        expect(readInstant(date.toISOString())).toEqual({ weekday: (date.getUTCDay() + 6) % 7, minute });
      }),
      { numRuns: 1000 },
    );
  });
});
