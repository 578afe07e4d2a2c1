import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';

/** The value if it is an object (no array), else null. */
export const objectOrNull = (value: unknown): JsonObject | null =>
  isJsonObject(value as Json | undefined) ? (value as JsonObject) : null;

/** The value if it is an object (no array), else an empty one. */
export const asObject = (value: unknown): JsonObject => objectOrNull(value) ?? {};
