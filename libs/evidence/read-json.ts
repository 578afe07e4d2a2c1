import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { HASH_BYTES, type Hash } from '#tlog/merkle.js';
import { strictBase64 } from '#tlog/note-text.js';

/** Small readers for the files of a pack, which may hold anything. Each throws TypeError for what it does not accept. */
export const objectOf = (value: Json | undefined): JsonObject => {
  if (!isJsonObject(value)) throw new TypeError('an object was expected');
  return value;
};

export const listOf = <Item>(value: Json | undefined, read: (item: Json) => Item): readonly Item[] => {
  if (!Array.isArray(value)) throw new TypeError('a list was expected');
  return (value as readonly Json[]).map(read);
};

export const textOf = (value: Json | undefined): string => {
  if (typeof value !== 'string') throw new TypeError('a text was expected');
  return value;
};

export const countOf = (value: Json | undefined): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new TypeError('a number from 0 was expected');
  return value;
};

export const bytesOf = (value: Json | undefined): Buffer => {
  const bytes = strictBase64(textOf(value));
  if (bytes === undefined) throw new TypeError('base64 was expected');
  return bytes;
};

export const hashOf = (value: Json): Hash => {
  const bytes = bytesOf(value);
  if (bytes.length !== HASH_BYTES) throw new TypeError('a SHA-256 hash was expected');
  return bytes;
};
