import {
  type DigitChain,
  JOIN_DASH,
  JOIN_DOT,
  JOIN_NONE,
  JOIN_PARENTHESIS,
  JOIN_SLASH,
  JOIN_SPACE,
  joinAfter,
  numberAt,
  sizeOf,
  startOfGroup,
} from './digit-chain.js';

/** Social Security Administration: area 000, 666 and 900-999, group 00 and serial 0000 are never assigned. */
export const isAssignable = (area: number, group: number, serial: number): boolean =>
  area !== 0 && area !== 666 && area < 900 && group !== 0 && serial !== 0;

/** Taxpayer numbers of the IRS in the same shape: 9xx with group 50-65, 70-88, 90-92, 94-99 (ITIN) or 93 (ATIN). */
const isTaxpayerNumber = (area: number, group: number): boolean =>
  area >= 900 && ((group >= 50 && group <= 65) || (group >= 70 && group <= 88) || group >= 90);

const separatesAlike = (first: number, second: number): boolean =>
  first === second ||
  (first <= JOIN_DASH && second <= JOIN_DASH && first !== JOIN_NONE && second !== JOIN_NONE);

/** 100.20.3000 after a "v" is a version. */
const isVersion = (chain: DigitChain, group: number, text: string): boolean => {
  const before = startOfGroup(chain, group) - 1;
  return before >= 0 && (text.charCodeAt(before) | 0x20) === 0x76;
};

/**
 * Three groups of 3, 2 and 4 digits that the authority could have issued. Dashes are certain; other separators are
 * not enough under a key that names an identifier, a measure or a version.
 */
export const isFormattedSsn = (chain: DigitChain, group: number, text: string, idLike: boolean): boolean => {
  if (sizeOf(chain, group) !== 3 || sizeOf(chain, group + 1) !== 2 || sizeOf(chain, group + 2) !== 4)
    return false;
  const first = joinAfter(chain, group);
  const second = joinAfter(chain, group + 1);
  if (!separatesAlike(first, second) || first === JOIN_PARENTHESIS) return false;
  const area = numberAt(chain, group, 0, 3);
  const middle = numberAt(chain, group + 1, 0, 2);
  if (!isAssignable(area, middle, numberAt(chain, group + 2, 0, 4)) && !isTaxpayerNumber(area, middle))
    return false;
  if (first === JOIN_DASH && second === JOIN_DASH) return true;
  return !idLike && !(first === JOIN_DOT && isVersion(chain, group, text));
};

/** Number of groups, from this one on, that a label makes a taxpayer number: nine digits in any grouping, or 0. */
export const labelledSsn = (chain: DigitChain, group: number): number => {
  let digits = 0;
  for (let g = group; g < chain.groups; g++) {
    digits += sizeOf(chain, g);
    if (digits >= 9) return digits === 9 ? g - group + 1 : 0;
    const join = joinAfter(chain, g);
    if (join !== JOIN_SPACE && join !== JOIN_DASH && join !== JOIN_DOT && join !== JOIN_SLASH) return 0;
  }
  return 0;
};
