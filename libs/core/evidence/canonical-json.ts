/** A JSON value as RFC 8785 allows it: no bigint, no undefined, no non-finite number. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/**
 * RFC 8785 (JCS) text of a JSON value. Keys in UTF-16 order, numbers and strings as ECMAScript writes them.
 * @throws TypeError for anything JSON cannot say exactly: non-finite numbers, lone surrogates, undefined, functions.
 */
export const canonicalJson = (value: Json): string => {
  const inOrder = ordered(value);
  return inOrder === UNKEEPABLE ? written(value) : JSON.stringify(inOrder);
};

/** Some object has keys that JavaScript would not keep in canonical order. */
const UNKEEPABLE = Symbol('unkeepable');
type Ordered = Json | typeof UNKEEPABLE;

/**
 * The same value with all keys in canonical order, checked on the way; itself when it is in order already, as entries
 * made by the gateway mostly are. JSON.stringify then writes it in one go, several times faster than piece by piece.
 */
const ordered = (value: Json): Ordered => {
  switch (typeof value) {
    case 'string':
      return wellFormed(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('canonicalJson: non-finite number');
      return value;
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      return Array.isArray(value) ? orderedArray(value) : orderedObject(value as JsonObject);
    default:
      throw new TypeError(`canonicalJson: ${typeof value} is not JSON`);
  }
};

const wellFormed = (text: string): string => {
  if (!text.isWellFormed()) throw new TypeError('canonicalJson: lone surrogate');
  return text;
};

const orderedArray = (items: readonly Json[]): Ordered => {
  let copy: Json[] | undefined;
  let kept = true;
  for (let i = 0; i < items.length; i++) {
    const item = ordered(items[i] as Json);
    if (item === UNKEEPABLE) kept = false;
    else if (item !== items[i]) {
      copy ??= [...items];
      copy[i] = item;
    }
  }
  return kept ? (copy ?? items) : UNKEEPABLE;
};

const orderedObject = (object: JsonObject): Ordered => {
  if (typeof object['toJSON'] === 'function') throw new TypeError('canonicalJson: toJSON is not JSON');
  const keys = Object.keys(object);
  let copy: { [key: string]: Json } | undefined = areSorted(keys) ? undefined : {};
  let kept = true;
  if (copy !== undefined) keys.sort();
  for (let i = 0; i < keys.length; i++) {
    const key = wellFormed(keys[i] as string);
    const member = object[key] as Json;
    const inOrder = ordered(member);
    if (inOrder === UNKEEPABLE || !isKept(key)) kept = false;
    else if (copy !== undefined) copy[key] = inOrder;
    else if (inOrder !== member) {
      copy = {};
      for (let before = 0; before < i; before++)
        copy[keys[before] as string] = object[keys[before] as string] as Json;
      copy[key] = inOrder;
    }
  }
  return kept ? (copy ?? object) : UNKEEPABLE;
};

/** The default order of strings is that of their UTF-16 code units, which is the one of RFC 8785 section 3.2.3. */
const areSorted = (keys: readonly string[]): boolean => {
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] as string) > (keys[i] as string)) return false;
  return true;
};

/** JavaScript puts keys like "10" first and in the order of numbers, and assigning "__proto__" makes no member. */
const isKept = (key: string): boolean => {
  const first = key.charCodeAt(0);
  return !(first >= 0x30 && first <= 0x39) && key !== '__proto__';
};

/** Piece by piece, for values that are checked already. */
const written = (value: Json): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  const object = value as JsonObject;
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${written(object[key] as Json)}`);
  return `{${members.join(',')}}`;
};
