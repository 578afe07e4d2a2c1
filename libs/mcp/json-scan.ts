import { type Cursor, refuseJson } from './json-cursor.js';
import { dropKeys, keyText, takeKey } from './json-keys.js';
import { scanNumber } from './json-number.js';
import { scanString } from './json-string.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Moves past the whole text: white space, one value, white space, end. */
export const scanText = (cursor: Cursor): void => {
  skipSpace(cursor);
  scanValue(cursor);
  skipSpace(cursor);
  if (cursor.at !== cursor.bytes.length) refuseJson('trailing data', cursor.at);
};

const scanValue = (cursor: Cursor): void => {
  switch (cursor.bytes[cursor.at]) {
    case QUOTE:
      scanString(cursor);
      return;
    case OPEN_OBJECT:
      scanObject(cursor);
      return;
    case OPEN_ARRAY:
      scanArray(cursor);
      return;
    case 0x74:
      scanLiteral(cursor, TRUE);
      return;
    case 0x66:
      scanLiteral(cursor, FALSE);
      return;
    case 0x6e:
      scanLiteral(cursor, NULL);
      return;
    case undefined:
      refuseJson('unexpected end', cursor.at);
      return;
    default:
      scanNumber(cursor);
  }
};

const scanObject = (cursor: Cursor): void => {
  const { bytes, keys } = cursor;
  const base = keys.top;
  open(cursor);
  let more = bytes[cursor.at] !== CLOSE_OBJECT;
  while (more) {
    const keyStart = cursor.at + 1;
    if (bytes[cursor.at] !== QUOTE) refuseJson('expected a key', cursor.at);
    const escaped = scanString(cursor);
    const keyEnd = cursor.at - 1;
    takeKey(cursor, base, keyStart, keyEnd, escaped);
    skipSpace(cursor);
    if (bytes[cursor.at] !== COLON) refuseJson('expected a colon', cursor.at);
    cursor.at++;
    skipSpace(cursor);
    const start = cursor.at;
    scanValue(cursor);
    if (cursor.depth === 1) {
      cursor.rootMembers.push({ key: keyText(bytes, keyStart, keyEnd), start, end: cursor.at });
    }
    more = goesOn(cursor, CLOSE_OBJECT);
  }
  dropKeys(cursor, base);
  close(cursor);
};

const scanArray = (cursor: Cursor): void => {
  open(cursor);
  let more = cursor.bytes[cursor.at] !== CLOSE_ARRAY;
  while (more) {
    const start = cursor.at;
    scanValue(cursor);
    if (cursor.depth === 1) cursor.rootElements.push({ start, end: cursor.at });
    more = goesOn(cursor, CLOSE_ARRAY);
  }
  close(cursor);
};

const open = (cursor: Cursor): void => {
  if (++cursor.depth > cursor.limits.depth_max) refuseJson('nested too deep', cursor.at);
  cursor.at++;
  skipSpace(cursor);
};

const close = (cursor: Cursor): void => {
  cursor.depth--;
  cursor.at++;
};

/** After a member: false at the closing bracket, true past a comma. */
const goesOn = (cursor: Cursor, closing: number): boolean => {
  if (++cursor.members > cursor.limits.members_max) refuseJson('too many members', cursor.at);
  skipSpace(cursor);
  const byte = cursor.bytes[cursor.at];
  if (byte === closing) return false;
  if (byte !== COMMA) refuseJson(byte === undefined ? 'unexpected end' : 'unexpected character', cursor.at);
  cursor.at++;
  skipSpace(cursor);
  return true;
};

const skipSpace = (cursor: Cursor): void => {
  const { bytes } = cursor;
  let at = cursor.at;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    at++;
  }
  cursor.at = at;
};

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

const scanLiteral = (cursor: Cursor, literal: Uint8Array): void => {
  for (let i = 0; i < literal.length; i++) {
    if (cursor.bytes[cursor.at + i] !== literal[i]) refuseJson('unexpected character', cursor.at);
  }
  cursor.at += literal.length;
};
