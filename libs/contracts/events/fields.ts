import { z } from 'zod';
import type { ErrorCode } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';

/** Fields that events share. Each says what it means, so that a schema can be read without the code. */
const SHA256 = /^sha256:[0-9a-f]{64}$/;
/** RFC 3339 in UTC with milliseconds. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

export const text = (says: string) => z.string().describe(says);
export const name = (says: string) => z.string().min(1).describe(says);
export const texts = (says: string) => z.array(z.string()).describe(says);
export const count = (says: string) => z.int().min(0).describe(says);
export const flag = (says: string) => z.boolean().describe(says);
export const oneOf = <const Values extends readonly string[]>(values: Values, says: string) =>
  z.enum(values).describe(says);

export const instant = (says: string) =>
  z.string().regex(INSTANT).describe(`${says} RFC 3339, UTC, milliseconds.`);

const sha256 = z.string().regex(SHA256) as z.ZodType<Digest>;
export const digest = (says: string) => sha256.describe(`${says} SHA-256 in lower-case hex.`);
export const digestOrNull = (says: string) =>
  sha256.nullable().describe(`${says} SHA-256 in lower-case hex.`);

/** Codes may be added at any time, so the schema tells their form and the page their list. */
export const errorCode = (says: string) =>
  (z.string().regex(/^[a-z][a-z0-9_]*$/) as unknown as z.ZodType<ErrorCode>).describe(
    `${says} One of the codes of docs/errors.md.`,
  );

export const object = (says: string) =>
  (z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>).describe(says);

export const counts = (says: string) => z.record(z.string(), z.int().min(0)).describe(says);
