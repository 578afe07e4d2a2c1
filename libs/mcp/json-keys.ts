import { type Cursor, refuseJson, textOf } from './json-cursor.js';

/** Up to here keys are compared by hash, one by one; beyond, a set keeps hostile objects linear. */
const NARROW_KEYS_MAX = 24;
const PROTO = '__proto__';

/**
 * Takes the key between two quotes (`start`..`end`, quotes not included) of the object whose first key sits at `base`
 * of the stack. Refuses a key the object already has, compared after unescaping, and `__proto__`.
 */
export const takeKey = (cursor: Cursor, base: number, start: number, end: number, escaped: boolean): void => {
  const { bytes, keys } = cursor;
  if ((escaped || end - start === PROTO.length) && keyText(bytes, start, end) === PROTO) {
    refuseJson('key __proto__', start);
  }
  const count = keys.top - base;
  if (count >= NARROW_KEYS_MAX) takeWideKey(cursor, base, start, end);
  const hash = escaped ? hashBytes(Buffer.from(keyText(bytes, start, end))) : hashRange(bytes, start, end);
  if (count < NARROW_KEYS_MAX) {
    for (let i = base; i < keys.top; i++) {
      if (
        keys.hash[i] === hash &&
        keyText(bytes, keys.start[i] as number, keys.end[i] as number) === keyText(bytes, start, end)
      ) {
        refuseJson('duplicate key', start);
      }
    }
  }
  keys.hash[keys.top] = hash;
  keys.start[keys.top] = start;
  keys.end[keys.top] = end;
  keys.top++;
};

/** Forgets the keys of an object that has ended. */
export const dropKeys = (cursor: Cursor, base: number): void => {
  cursor.keys.top = base;
  cursor.keys.wide[cursor.depth] = undefined;
};

const takeWideKey = (cursor: Cursor, base: number, start: number, end: number): void => {
  const { bytes, depth, keys } = cursor;
  let seen = keys.wide[depth];
  if (!seen) {
    seen = new Set();
    for (let i = base; i < keys.top; i++)
      seen.add(keyText(bytes, keys.start[i] as number, keys.end[i] as number));
    keys.wide[depth] = seen;
  }
  const key = keyText(bytes, start, end);
  if (seen.has(key)) refuseJson('duplicate key', start);
  seen.add(key);
};

/** The key after unescaping. */
export const keyText = (bytes: Uint8Array, start: number, end: number): string => {
  const text = textOf(bytes, start, end);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
};

const hashBytes = (bytes: Uint8Array): number => hashRange(bytes, 0, bytes.length);

/** FNV-1a cut to 30 bits, so that it stays a small integer in V8. Equal hashes are compared as text. */
const hashRange = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash & 0x3fffffff;
};
