import { buildMessage, isISO8601, ValidateBy } from 'class-validator';

/** ISO 8601 has weeks, days of the year and forms without hyphens, which nothing here could make an instant of. */
export const IsInstant = (): PropertyDecorator =>
  ValidateBy({
    name: 'isInstant',
    validator: {
      validate: (value: unknown) =>
        isISO8601(value, { strict: true, strictSeparator: true }) &&
        !Number.isNaN(Date.parse(value as string)),
      defaultMessage: buildMessage((each) => `${each}$property must be an instant, as 2026-01-31T12:00:00Z`),
    },
  });
