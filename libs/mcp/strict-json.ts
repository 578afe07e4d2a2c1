import { isUtf8 } from 'node:buffer';
import { CountersignError } from '#core/errors.js';
import type { Json } from '#core/evidence/canonical-json.js';
import {
  type JsonLimits,
  type MemberSpan,
  openCursor,
  refuseJson,
  type Span,
  textOf,
} from './json-cursor.js';
import { scanText } from './json-scan.js';

export type { JsonLimits, MemberSpan, Span } from './json-cursor.js';

export interface JsonScan {
  readonly kind: 'object' | 'array' | 'scalar';
  /** Of the outermost object: each key after unescaping, with the bytes of its value. */
  readonly members: readonly MemberSpan[];
  /** Of the outermost array. */
  readonly elements: readonly Span[];
  /** A `-0` is somewhere in the text; values made from it must go through `parseScanned`. */
  readonly negativeZero: boolean;
}

/**
 * One pass over a JSON text (RFC 8259, I-JSON of RFC 7493 and stricter), without building its value.
 *
 * Refused, so that every reader of the bytes sees the same thing: a byte order mark, bytes that are not UTF-8, NUL and
 * control characters, duplicate keys after unescaping, `__proto__`, lone surrogates, numbers that overflow or lose
 * digits beyond 2^53-1, trailing data, and anything over the limits.
 * @throws CountersignError json_malformed with the reason and byte offset; body_too_large over `bytes_max`.
 */
export const scanStrictJson = (bytes: Uint8Array, limits: JsonLimits): JsonScan => {
  if (bytes.length > limits.bytes_max) {
    throw new CountersignError('body_too_large', `${bytes.length} bytes, at most ${limits.bytes_max}`);
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) refuseJson('byte order mark', 0);
  if (!isUtf8(bytes)) refuseJson('invalid UTF-8', firstInvalidUtf8(bytes));
  const cursor = openCursor(bytes, limits);
  scanText(cursor);
  const kind = kindOf(bytes);
  return {
    kind,
    members: cursor.rootMembers,
    elements: cursor.rootElements,
    negativeZero: cursor.negativeZero,
  };
};

/** The value of a strict JSON text; `-0` becomes `0`. @throws like scanStrictJson. */
export const parseStrictJson = (bytes: Uint8Array, limits: JsonLimits): Json => {
  const { negativeZero } = scanStrictJson(bytes, limits);
  return parseScanned(bytes, { start: 0, end: bytes.length }, negativeZero);
};

/** The value of a part of a text that `scanStrictJson` has accepted. */
export const parseScanned = (bytes: Uint8Array, span: Span, negativeZero: boolean): Json => {
  const text = textOf(bytes, span.start, span.end);
  return negativeZero ? JSON.parse(text, withoutNegativeZero) : JSON.parse(text);
};

/** RFC 8785 writes -0 as 0; the value policy sees must be the one that is written. */
const withoutNegativeZero = (_key: string, value: unknown): unknown => (value === 0 ? 0 : value);

const kindOf = (bytes: Uint8Array): JsonScan['kind'] => {
  for (const byte of bytes) {
    if (byte === 0x7b) return 'object';
    if (byte === 0x5b) return 'array';
    if (byte > 0x20) break;
  }
  return 'scalar';
};

/** Only on the way to a refusal. */
const firstInvalidUtf8 = (bytes: Uint8Array): number => {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at] as number;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead >= 0x80 && !isUtf8(bytes.subarray(at, at + length))) break;
    at += length;
  }
  return at;
};
