import { validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { IsInstant, IsInstantOrDay } from './is-instant.js';

class Command {
  @IsInstant() at: unknown;
}
class Query {
  @IsInstantOrDay() at: unknown;
}
const isTaken = (at: unknown, Body: typeof Command | typeof Query): boolean =>
  validateSync(Object.assign(new Body(), { at })).length === 0;

describe('an instant in a request', () => {
  it.each(['2026-11-28T10:00Z', '2026-11-28T10:00:00.5+02:00', '2026-11-28T10:00:00-05:00'])(
    'may be %s',
    (text) => {
      expect(isTaken(text, Command)).toBe(true);
      expect(isTaken(text, Query)).toBe(true);
    },
  );

  it('is a day only where a day in UTC is meant', () => {
    expect(isTaken('2026-11-28', Query)).toBe(true);
    expect(isTaken('2026-11-28', Command)).toBe(false);
  });

  it.each(['2026-11-28T10:00', '2026-11-28T10:00:00', '2026-11-28T10:00:00.5'])(
    'is refused as %s, which is another one in each zone',
    (text) => {
      expect(isTaken(text, Command)).toBe(false);
      expect(isTaken(text, Query)).toBe(false);
    },
  );

  it.each([
    '2026-W48-6',
    '2026-332',
    '20261128',
    '2026-11-28T10',
    '2026-11-28T10:00:00,5Z',
    '2026-02-30',
    '2026-02-30T10:00:00Z',
    'today',
    '',
    7,
  ])('is refused as %j, which would be none', (text) => {
    expect(isTaken(text, Command)).toBe(false);
    expect(isTaken(text, Query)).toBe(false);
  });
});
