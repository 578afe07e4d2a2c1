import { classAt, DASH, isAsciiLetter, LETTER, SPACE } from './characters.js';

/** ISO 13616 lengths by country; others are not IBANs. */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18
  FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21
  LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27
  ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Index after the IBAN (ISO 13616, mod 97) whose country code is at `start`, in one piece or in groups; or -1. */
export const ibanEnd = (text: string, start: number, end: number): number => {
  const length = LENGTHS.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined) return -1;
  let compact = '';
  let i = start;
  let last = start;
  while (i < end && compact.length < length) {
    const found = classAt(text, i);
    if (found <= 9) compact += found;
    else if (isAsciiLetter(text.charCodeAt(i))) compact += text.charAt(i).toUpperCase();
    else if ((found !== SPACE && found !== DASH) || compact.length < 4 || i - last > 2) return -1;
    if (found <= 9 || found === LETTER) last = i;
    i++;
  }
  if (compact.length < length || (i < end && (classAt(text, i) <= 9 || classAt(text, i) === LETTER)))
    return -1;
  let remainder = 0;
  for (let k = 0; k < length; k++) {
    const code = compact.charCodeAt((k + 4) % length);
    remainder = code >= 0x41 ? (remainder * 100 + code - 55) % 97 : (remainder * 10 + code - 0x30) % 97;
  }
  return remainder === 1 ? i : -1;
};
