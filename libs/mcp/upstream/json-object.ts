import type { JsonObject } from '#core/evidence/canonical-json.js';

/** The value if it is an object (no array), else null. */
export const objectOrNull = (value: unknown): JsonObject | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;

/** The value if it is an object (no array), else an empty one. */
export const asObject = (value: unknown): JsonObject => objectOrNull(value) ?? {};
