import { entryJsonSchema } from '#contracts/events/event-schema.js';
import { EVENT_SCHEMAS, schemaName } from '#contracts/events/event-schemas.js';

/** One JSON Schema file for each type and version of event. */
export const SCHEMA_PAGES: Readonly<Record<string, () => string>> = Object.fromEntries(
  EVENT_SCHEMAS.map((schema) => [
    `docs/schemas/${schemaName(schema)}.json`,
    () => `${JSON.stringify(entryJsonSchema(schema), null, 2)}\n`,
  ]),
);
