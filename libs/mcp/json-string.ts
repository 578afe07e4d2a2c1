import { type Cursor, refuseJson } from './json-cursor.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** 1 for a byte that needs no look: not a quote, a backslash or a control character. UTF-8 was checked before. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
/** 1 for what may follow a backslash, apart from `u`. */
const SHORT_ESCAPE = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** Moves past the string whose opening quote is at `cursor.at`. @returns whether it holds an escape. */
export const scanString = (cursor: Cursor): boolean => {
  const { bytes } = cursor;
  const opening = cursor.at;
  let at = opening + 1;
  let escaped = false;
  for (;;) {
    while (PLAIN[bytes[at] as number] === 1) at++;
    if (at >= bytes.length) return refuseJson('unterminated string', opening);
    const byte = bytes[at];
    if (byte === QUOTE) {
      cursor.at = at + 1;
      return escaped;
    }
    if (byte !== BACKSLASH) return refuseJson('control character in a string', at);
    escaped = true;
    at = scanEscape(cursor, at);
  }
};

const scanEscape = (cursor: Cursor, at: number): number => {
  const next = cursor.bytes[at + 1];
  if (next === LOWER_U) return scanUnicodeEscape(cursor, at);
  if (next === undefined || SHORT_ESCAPE[next] !== 1) return refuseJson('unknown escape', at);
  return at + 2;
};

const scanUnicodeEscape = (cursor: Cursor, at: number): number => {
  const unit = codeUnitAt(cursor, at);
  if (unit === 0 && !cursor.limits.verbatim) return refuseJson('escaped NUL', at);
  if (unit >= 0xdc00 && unit <= 0xdfff) return refuseJson('lone surrogate', at);
  if (unit < 0xd800 || unit > 0xdbff) return at + 6;
  const { bytes } = cursor;
  if (bytes[at + 6] !== BACKSLASH || bytes[at + 7] !== LOWER_U) return refuseJson('lone surrogate', at);
  const low = codeUnitAt(cursor, at + 6);
  if (low < 0xdc00 || low > 0xdfff) return refuseJson('lone surrogate', at);
  return at + 12;
};

const codeUnitAt = (cursor: Cursor, at: number): number => {
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const digit = hexDigit(cursor.bytes[i]);
    if (digit < 0) return refuseJson('malformed \\u escape', at);
    unit = unit * 16 + digit;
  }
  return unit;
};

const hexDigit = (byte: number | undefined): number => {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
};
