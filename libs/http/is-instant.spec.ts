import { validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { IsInstant } from './is-instant.js';

class Query {
  @IsInstant() at: unknown;
}
const isTaken = (at: unknown): boolean => validateSync(Object.assign(new Query(), { at })).length === 0;

describe('an instant in a request', () => {
  it.each(['2026-11-28', '2026-11-28T10:00Z', '2026-11-28T10:00:00.5+02:00'])('may be %s', (text) => {
    expect(isTaken(text)).toBe(true);
  });

  it.each([
    '2026-W48-6',
    '2026-332',
    '20261128',
    '2026-11-28T10',
    '2026-11-28T10:00:00,5Z',
    '2026-02-30',
    'today',
    '',
    7,
  ])('is refused as %j, which would be none', (text) => {
    expect(isTaken(text)).toBe(false);
  });
});
