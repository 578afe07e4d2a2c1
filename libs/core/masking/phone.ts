import {
  type DigitChain,
  endOfGroup,
  JOIN_DOT,
  JOIN_NONE,
  JOIN_SLASH,
  JOIN_UNDERSCORE,
  joinAfter,
  numberAt,
  sizeOf,
  startOfGroup,
} from './digit-chain.js';

/** North American numbering plan: area and exchange are N (2-9), X, X and never N11. */
const isNanp = (area: number, exchange: number): boolean =>
  area >= 200 && exchange >= 200 && area % 100 !== 11 && exchange % 100 !== 11;

const isPhoneJoin = (join: number): boolean =>
  join !== JOIN_NONE && join !== JOIN_SLASH && join !== JOIN_UNDERSCORE;

const isThreeThreeFour = (chain: DigitChain, group: number): boolean =>
  sizeOf(chain, group) === 3 &&
  sizeOf(chain, group + 1) === 3 &&
  sizeOf(chain, group + 2) === 4 &&
  isPhoneJoin(joinAfter(chain, group)) &&
  isPhoneJoin(joinAfter(chain, group + 1)) &&
  isNanp(numberAt(chain, group, 0, 3), numberAt(chain, group + 1, 0, 3));

/** Groups of an international number whose `+` stands before `group`: 9 to 15 digits (ITU-T E.164), or 0. */
const internationalGroups = (chain: DigitChain, group: number): number => {
  if (sizeOf(chain, group) === 1 && numberAt(chain, group, 0, 1) === 1 && isThreeThreeFour(chain, group + 1))
    return 4;
  let digits = 0;
  let groups = 0;
  for (let g = group; g < chain.groups; g++) {
    if (digits + sizeOf(chain, g) > 15) break;
    digits += sizeOf(chain, g);
    groups++;
    if (!isPhoneJoin(joinAfter(chain, g))) break;
  }
  // "+12345678.90" is an amount.
  const isAmount = groups === 2 && joinAfter(chain, group) === JOIN_DOT && sizeOf(chain, group + 1) < 3;
  return digits >= 9 && numberAt(chain, group, 0, 1) !== 0 && !isAmount ? groups : 0;
};

/** Number of groups from this one on that make a telephone number by their form alone, or 0. Ten bare digits are not. */
export const phoneGroups = (chain: DigitChain, group: number, text: string): number => {
  const before = text.charCodeAt(startOfGroup(chain, group) - 1);
  if (before === 0x2b || before === 0xff0b) return internationalGroups(chain, group);
  if (isThreeThreeFour(chain, group)) {
    const isVersion = joinAfter(chain, group) === JOIN_DOT && (before | 0x20) === 0x76;
    return isVersion ? 0 : 3;
  }
  const isOne = sizeOf(chain, group) === 1 && numberAt(chain, group, 0, 1) === 1;
  return isOne && isPhoneJoin(joinAfter(chain, group)) && isThreeThreeFour(chain, group + 1) ? 4 : 0;
};

/** Start of the number with its `+` or opening parenthesis. */
export const phoneStart = (text: string, start: number, floor: number): number => {
  let at = start;
  if (at > floor && text.charCodeAt(at - 1) === 0x28) at--;
  if (at > floor && (text.charCodeAt(at - 1) === 0x2b || text.charCodeAt(at - 1) === 0xff0b)) at--;
  return at;
};

/** Number of groups that a label makes a telephone number: 7 to 15 digits in phone-like groups, or 0. */
export const labelledPhone = (chain: DigitChain, group: number): number => {
  let digits = 0;
  for (let g = group; g < chain.groups; g++) {
    digits += sizeOf(chain, g);
    if (digits > 15) return 0;
    if (!isPhoneJoin(joinAfter(chain, g))) return digits >= 7 ? g - group + 1 : 0;
  }
  return digits >= 7 && endOfGroup(chain, group) > 0 ? chain.groups - group : 0;
};
