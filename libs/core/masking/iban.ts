import { classAt, DASH, isAsciiLetter, isWordAt, SPACE } from './characters.js';

/** Both letters in one number, upper case. */
const countryOf = (text: string, at: number): number =>
  ((text.charCodeAt(at) & 0xdf) << 8) | (text.charCodeAt(at + 1) & 0xdf);

/** ISO 13616 lengths by country; others are not IBANs. */
const LENGTHS: ReadonlyMap<number, number> = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18
  FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21
  LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27
  ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20`
    .split(/\s+/)
    .map((entry) => [countryOf(entry, 0), Number(entry.slice(2))]),
);

/** One step of mod 97 over the letters and digits, A = 10 to Z = 35. */
const mod97 = (remainder: number, value: number): number => (remainder * (value > 9 ? 100 : 10) + value) % 97;

/** 0 to 35, or -1. */
const valueAt = (text: string, at: number): number => {
  const found = classAt(text, at);
  if (found <= 9) return found;
  const code = text.charCodeAt(at) & 0xdf;
  return isAsciiLetter(text.charCodeAt(at)) ? code - 55 : -1;
};

/** Index after the IBAN (ISO 13616, mod 97) whose country code is at `start`, in one piece or in groups of 4; or -1. */
export const ibanEnd = (text: string, start: number, end: number): number => {
  const length = LENGTHS.get(countryOf(text, start));
  if (length === undefined || valueAt(text, start + 2) > 9 || valueAt(text, start + 3) > 9) return -1;
  let remainder = 0;
  let read = 4;
  let separators = 0;
  let i = start + 4;
  for (; i < end && read < length; i++) {
    const value = valueAt(text, i);
    if (value >= 0) {
      remainder = mod97(remainder, value);
      read++;
      continue;
    }
    const found = classAt(text, i);
    if ((found !== SPACE && found !== DASH) || read % 4 !== 0 || ++separators > read / 4) return -1;
  }
  const isGrouped = separators === 0 || separators === Math.ceil(length / 4) - 1;
  if (read < length || !isGrouped || isWordAt(text, i)) return -1;
  for (let k = start; k < start + 4; k++) remainder = mod97(remainder, valueAt(text, k));
  return remainder === 1 ? i : -1;
};
