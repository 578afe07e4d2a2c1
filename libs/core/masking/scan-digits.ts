import { type DateSpan, dateAround, isIsoDate, isMonthNear } from './calendar.js';
import { classAt, isAsciiLetter, isWordAt } from './characters.js';
import {
  type DigitChain,
  endOfGroup,
  JOIN_DASH,
  JOIN_DOT,
  JOIN_NONE,
  JOIN_SPACE,
  joinAfter,
  readDigitChain,
  sizeOf,
  startOfGroup,
} from './digit-chain.js';
import { ibanEnd } from './iban.js';
import { readLabels, spendLabel } from './label-context.js';
import { panGroups } from './pan.js';
import { labelledPhone, phoneGroups, phoneStart } from './phone.js';
import { addHit, type TextScan } from './text-scan.js';
import { isFormattedSsn, labelledSsn } from './us-ssn.js';

/** Groups looked at again when a chain is longer than one piece: more than any number has. */
const OVERLAP_GROUPS = 21;
const WEAK_DIGITS_MIN = 8;
const TOKEN_LETTERS_MAX = 8;

/** What form and check digits alone prove; the number of groups, or 0. */
const claimByStructure = (scan: TextScan, group: number): number => {
  const { run, text, end, floor } = scan;
  const { chain, active, idLike } = run;
  let groups = active.PAN ? panGroups(chain, group, text, end, idLike) : 0;
  if (groups > 0) {
    addHit(scan, 'PAN', 'structure', startOfGroup(chain, group), endOfGroup(chain, group + groups - 1));
    return groups;
  }
  if (active.US_SSN && isFormattedSsn(chain, group, text, idLike)) {
    addHit(scan, 'US_SSN', 'structure', startOfGroup(chain, group), endOfGroup(chain, group + 2));
    return 3;
  }
  groups = active.PHONE ? phoneGroups(chain, group, text) : 0;
  if (groups > 0) {
    const start = phoneStart(text, startOfGroup(chain, group), floor);
    addHit(scan, 'PHONE', 'structure', start, endOfGroup(chain, group + groups - 1));
  }
  return groups;
};

/** Groups of 4 to 17 digits in all (34 for an IBAN) that a label makes an account number, or 0. */
const labelledAccount = (chain: DigitChain, group: number): number => {
  if (isIsoDate(chain, group)) return 0;
  let digits = sizeOf(chain, group);
  let last = group;
  while (last + 1 < chain.groups) {
    const join = joinAfter(chain, last);
    const blocks = join === JOIN_SPACE && sizeOf(chain, last) <= 4 && sizeOf(chain, last + 1) <= 4;
    if ((join !== JOIN_DASH && !blocks) || isIsoDate(chain, last + 1)) break;
    digits += sizeOf(chain, ++last);
  }
  // "account balance 1234.56", "account 12.5": the dot makes it an amount.
  const isAmount = joinAfter(chain, last) === JOIN_DOT;
  return digits >= 4 && digits <= 34 && !isAmount ? last - group + 1 : 0;
};

const digitsIn = (chain: DigitChain, group: number, groups: number): number => {
  let digits = 0;
  for (let g = group; g < group + groups; g++) digits += sizeOf(chain, g);
  return digits;
};

const CURRENCY = '$€£¥%';

const claimAccount = (scan: TextScan, group: number): number => {
  const { text, label, floor, end } = scan;
  const { chain } = scan.run;
  const groups = labelledAccount(chain, group);
  if (groups === 0) return 0;
  if (!label.strong && label.strangers > 0 && digitsIn(chain, group, groups) < WEAK_DIGITS_MIN) return 0;
  let start = startOfGroup(chain, group);
  let after = endOfGroup(chain, group + groups - 1);
  if (start > floor && CURRENCY.includes(text[start - 1] as string)) return 0;
  if (after < end && text[after] === '%') return 0;
  // "DE89 3704...", "A1234567": letters glued to the digits are part of the number.
  for (let k = 0; k < TOKEN_LETTERS_MAX && start > floor && isWordAt(text, start - 1); k++) start--;
  for (let k = 0; k < TOKEN_LETTERS_MAX && after < end && isWordAt(text, after); k++) after++;
  addHit(scan, 'BANK_ACCOUNT', 'label', start, after);
  spendLabel(label, after);
  return groups;
};

const groupsUpTo = (chain: DigitChain, group: number, end: number): number => {
  let groups = 1;
  while (group + groups < chain.groups && startOfGroup(chain, group + groups) < end) groups++;
  return groups;
};

/** Whether any label could make something of the digits; most numbers in a text are too small or plainly dates. */
const couldBeLabelled = ({ run, text, end }: TextScan, group: number): boolean => {
  const { chain, active } = run;
  const size = sizeOf(chain, group);
  if (active.DOB && (size === 4 || size === 8 || joinAfter(chain, group) !== JOIN_NONE)) return true;
  if (isIsoDate(chain, group)) return false;
  if (size >= 4 || (joinAfter(chain, group) !== JOIN_NONE && group + 1 < chain.groups)) return true;
  return (
    active.DOB && size <= 2 && isMonthNear(text, startOfGroup(chain, group), endOfGroup(chain, group), end)
  );
};

/** What the words before a number make of it; the number of groups, or 0. */
const claimByLabel = (scan: TextScan, group: number): number => {
  const { run, text, label, floor, end } = scan;
  const { chain, active } = run;
  const start = startOfGroup(chain, group);
  readLabels(label, text, floor, start, end);
  const kind = label.kind;
  if (kind === undefined || !active[kind]) return 0;
  if (kind === 'BANK_ACCOUNT') return claimAccount(scan, group);
  if (kind === 'DOB') {
    const span: DateSpan | undefined = dateAround(chain, group, text, floor, end);
    if (!span) return 0;
    addHit(scan, 'DOB', 'label', span.start, span.end);
    spendLabel(label, span.end);
    return groupsUpTo(chain, group, span.end);
  }
  const groups = kind === 'US_SSN' ? labelledSsn(chain, group) : labelledPhone(chain, group);
  if (groups === 0 || isIsoDate(chain, group)) return 0;
  const after = endOfGroup(chain, group + groups - 1);
  addHit(scan, kind, 'label', kind === 'PHONE' ? phoneStart(text, start, floor) : start, after);
  spendLabel(label, after);
  return groups;
};

/** Of a time such as 2026-08-31T10:22:11.123+02:00, at most this is left after the T. */
const TIME_CHARS_MAX = 32;

/** Index after an ISO 8601 date and time that starts here, or -1. By far the most common digits in results. */
export const timestampEnd = (text: string, at: number, end: number): number => {
  if (at + 16 > end || text.charCodeAt(at + 4) !== 0x2d || text.charCodeAt(at + 7) !== 0x2d) return -1;
  if (text.charCodeAt(at + 10) !== 0x54 || text.charCodeAt(at + 13) !== 0x3a) return -1;
  for (let i = 0; i < 16; i++) if ((i < 4 || i % 3 !== 1) && classAt(text, at + i) > 9) return -1;
  let i = at + 16;
  while (i < end && i - at < TIME_CHARS_MAX && (classAt(text, i) <= 9 || ':.Z+-'.includes(text[i] as string)))
    i++;
  return i;
};

/** Looks at the number that starts at `at`, and all numbers joined to it. @returns where scanning goes on. */
export const scanDigits = (scan: TextScan, at: number): number => {
  const { run, text, end, floor } = scan;
  const { chain, active } = run;
  if (
    active.BANK_ACCOUNT &&
    at - 2 >= floor &&
    isAsciiLetter(text.charCodeAt(at - 1)) &&
    !isWordAt(text, at - 3)
  ) {
    const iban = classAt(text, at) <= 9 ? ibanEnd(text, at - 2, end) : -1;
    if (iban > 0) {
      addHit(scan, 'BANK_ACCOUNT', 'structure', at - 2, iban);
      return iban;
    }
  }
  // A time at the very beginning of a text stands under no label.
  const timestamp = at === scan.start ? timestampEnd(text, at, end) : -1;
  if (timestamp > 0) return timestamp;
  const goesOn = readDigitChain(chain, text, at, end);
  const groups = goesOn ? chain.groups - OVERLAP_GROUPS : chain.groups;
  const labels = active.US_SSN || active.BANK_ACCOUNT || active.PHONE || active.DOB;
  let group = 0;
  // A number between a label and this one takes the label; only after one that was claimed, a list may go on.
  let labelReaches = labels;
  while (group < groups) {
    let used = claimByStructure(scan, group);
    if (used === 0 && labelReaches && couldBeLabelled(scan, group)) used = claimByLabel(scan, group);
    labelReaches = labels && used > 0;
    group += used === 0 ? 1 : used;
  }
  return goesOn ? startOfGroup(chain, group) : endOfGroup(chain, chain.groups - 1);
};
