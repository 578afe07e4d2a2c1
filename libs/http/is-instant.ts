import { buildMessage, isISO8601, ValidateBy } from 'class-validator';

const HAS_OFFSET = /T.*(?:Z|[+-]\d{2}:\d{2})$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * ISO 8601 has weeks, days of the year and forms without hyphens, which nothing here could make an instant of, and local times,
 * which would be read in the zone of this machine.
 */
const ofForm = (name: string, has: (text: string) => boolean, example: string): PropertyDecorator =>
  ValidateBy({
    name,
    validator: {
      validate: (value: unknown) =>
        isISO8601(value, { strict: true, strictSeparator: true }) &&
        has(value as string) &&
        !Number.isNaN(Date.parse(value as string)),
      defaultMessage: buildMessage((each) => `${each}$property must be ${example}`),
    },
  });

export const IsInstant = (): PropertyDecorator =>
  ofForm(
    'isInstant',
    (text) => HAS_OFFSET.test(text),
    'an instant with its offset, as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00',
  );

/** A day stands for its beginning in UTC. */
export const IsInstantOrDay = (): PropertyDecorator =>
  ofForm(
    'isInstantOrDay',
    (text) => HAS_OFFSET.test(text) || DAY.test(text),
    'a day in UTC or an instant with its offset, as 2026-01-31 or 2026-01-31T12:00:00Z',
  );
