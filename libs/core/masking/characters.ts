/**
 * One class for each UTF-16 code unit, from tables of our own: the Unicode data of the runtime changes with its
 * version, and a replay must not. 0..9 are decimal digits of any script; classes up to INTERESTING can start a find.
 */
export const ASTRAL_DIGIT = 10;
export const AT = 11;
export const OPEN = 12;
export const PAIR = 13;
export const NEWLINE = 14;
export const INTERESTING = NEWLINE;
export const LETTER = 15;
export const SPACE = 16;
export const DASH = 17;
export const DOT = 18;
export const SLASH = 19;
export const UNDERSCORE = 20;
export const PARENTHESIS = 21;
export const INVISIBLE = 22;
export const OTHER = 23;

/** First code units of the blocks of ten decimal digits (general category Nd) in the basic plane. */
const DIGIT_ZEROS = [
  0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50,
  0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
  0x1c50, 0x2080, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
];
const SPACES = [0x20, 0x09, 0xa0, 0x1680, 0x202f, 0x205f, 0x3000];
const DASHES = [0x2d, 0x2212, 0xfe58, 0xfe63, 0xff0d, 0x2043, 0x30fc];
const DOTS = [0x2e, 0xff0e, 0xb7, 0x2024, 0x2027, 0x30fb];
/** Soft hyphen, combining grapheme joiner, Mongolian vowel separator, word joiner and friends, BOM, variation selectors. */
const INVISIBLES = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x180b, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x206f],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
] as const;

const put = (table: Uint8Array, codes: readonly number[], value: number): void => {
  for (const code of codes) table[code] = value;
};

const classTable = (): Uint8Array => {
  const table = new Uint8Array(0x1_0000).fill(OTHER);
  // Everything from Latin-1 letters to the end of Greek, Cyrillic, Hebrew, Arabic and Indic scripts counts as letters;
  // scripts written without spaces do not, or a name inside a sentence would never stand alone.
  for (let code = 0xc0; code < 0x2000; code++) table[code] = LETTER;
  for (let code = 0x41; code <= 0x5a; code++) table[code] = table[code + 0x20] = LETTER;
  for (let code = 0xff21; code <= 0xff3a; code++) table[code] = table[code + 0x20] = LETTER;
  for (const zero of DIGIT_ZEROS) for (let digit = 0; digit < 10; digit++) table[zero + digit] = digit;
  put(table, [0x2070, 0xb9, 0xb2, 0xb3, 0x2074, 0x2075, 0x2076, 0x2077, 0x2078, 0x2079], 0);
  [0xb9, 0xb2, 0xb3, 0x2074, 0x2075, 0x2076, 0x2077, 0x2078, 0x2079].forEach((code, i) => {
    table[code] = i + 1;
  });
  for (let digit = 1; digit < 10; digit++) table[0x245f + digit] = digit;
  table[0x24ea] = 0;
  table[0xd835] = ASTRAL_DIGIT;
  put(table, [0x40, 0xff20, 0xfe6b], AT);
  put(table, [0x7b, 0x5b], OPEN);
  put(table, [0x3a, 0x3d, 0xff1a], PAIR);
  put(table, [0x0a, 0x0d, 0x2028, 0x2029], NEWLINE);
  put(table, SPACES, SPACE);
  for (let code = 0x2000; code <= 0x200a; code++) table[code] = SPACE;
  put(table, DASHES, DASH);
  for (let code = 0x2010; code <= 0x2015; code++) table[code] = DASH;
  put(table, DOTS, DOT);
  put(table, [0x2f, 0x2044, 0x2215, 0xff0f], SLASH);
  put(table, [0x5f, 0xff3f], UNDERSCORE);
  put(table, [0x28, 0x29, 0xff08, 0xff09], PARENTHESIS);
  for (const [first, last] of INVISIBLES)
    for (let code = first; code <= last; code++) table[code] = INVISIBLE;
  return table;
};

const CLASSES = classTable();

/** Class of the code unit at `index`; OTHER beyond the end. */
export const classAt = (text: string, index: number): number =>
  index < text.length ? (CLASSES[text.charCodeAt(index)] as number) : OTHER;

/** Value of the mathematical digit (U+1D7CE..1D7FF, five styles) whose low surrogate is at `index`, or -1. */
export const astralDigit = (text: string, index: number): number => {
  const low = index < text.length ? text.charCodeAt(index) : 0;
  return low >= 0xdfce && low <= 0xdfff ? (low - 0xdfce) % 10 : -1;
};

/** Letter or digit of any script. */
export const isWordAt = (text: string, index: number): boolean => {
  if (index < 0) return false;
  const found = classAt(text, index);
  return found <= ASTRAL_DIGIT || found === LETTER;
};

export const isAsciiLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
