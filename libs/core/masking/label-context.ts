import type { MaskKind } from '../policy/policy.types.js';
import { AT, classAt, LETTER, NEWLINE, OPEN } from './characters.js';

/** The label must end this close before its value, with nothing between but words. */
const REACH_CHARS = 32;
const WINDOW_CHARS = 64;
const WORD_CHARS_MAX = 24;

/** The last label met before a number in running text. Follows the scan, so each character is looked at once. */
export interface LabelContext {
  kind: MaskKind | undefined;
  /** "account number" is; a mere "account" is not, and long numbers only may follow it at a distance. */
  strong: boolean;
  /** Index after the label. */
  end: number;
  /** Words between the label and here that say nothing. */
  strangers: number;
  /** The last thing met was a value of this label: only a list may go on. */
  spent: boolean;
  /** Where reading goes on. */
  at: number;
  previous: string;
}

export const newLabelContext = (): LabelContext => ({
  kind: undefined,
  strong: false,
  end: 0,
  strangers: 0,
  spent: false,
  at: 0,
  previous: '',
});

const words = (kind: MaskKind | 'none', text: string): [string, MaskKind | 'none'][] =>
  text.split(' ').map((word) => [word, kind]);

/** Words that name what follows; `none` takes an earlier label back: "account 17, order 99887766". */
const LABELS: ReadonlyMap<string, MaskKind | 'none'> = new Map([
  ...words('US_SSN', 'ssn ssns ss itin tin socsec'),
  ...words('BANK_ACCOUNT', 'account accounts acct accts iban accountnumber acctno'),
  ...words('PHONE', 'phone telephone tel mobile cell cellphone fax landline'),
  ...words('DOB', 'dob born birth birthday birthdate birthdays'),
  ...words(
    'none',
    'order orders ref reference invoice transaction txn trace ticket case routing aba balance amount total zip version year since check cheque branch page line',
  ),
]);
/** Joined with the word before it, a label of its own. */
const PHRASES: ReadonlyMap<string, MaskKind> = new Map([
  ['social security', 'US_SSN'],
  ['tax id', 'US_SSN'],
  ['taxpayer id', 'US_SSN'],
  ['taxpayer identification', 'US_SSN'],
  ['a c', 'BANK_ACCOUNT'],
]);
/** Follow a label without weakening it. */
const CONNECTORS: ReadonlySet<string> = new Set(
  'number numbers no nr num nbr is are id ending in details'.split(' '),
);
/** Make "account" certain. */
const NUMBER_WORDS: ReadonlySet<string> = new Set(['number', 'numbers', 'no', 'nr', 'num', 'nbr']);
const LIST_WORDS: ReadonlySet<string> = new Set(['and', 'or']);

const forget = (context: LabelContext): void => {
  context.kind = undefined;
  context.spent = false;
};

const set = (context: LabelContext, kind: MaskKind, strong: boolean, end: number): void => {
  context.kind = kind;
  context.strong = strong;
  context.end = end;
  context.strangers = 0;
  context.spent = false;
};

const meetWord = (context: LabelContext, word: string, end: number): void => {
  const label = LABELS.get(word) ?? PHRASES.get(`${context.previous} ${word}`);
  if (label === 'none') forget(context);
  else if (label !== undefined) set(context, label, label !== 'BANK_ACCOUNT' || word === 'iban', end);
  else if (context.spent) {
    if (!LIST_WORDS.has(word)) forget(context);
  } else if (context.kind !== undefined) {
    if (NUMBER_WORDS.has(word) && context.strangers === 0) {
      context.strong = true;
      context.end = end;
    } else if (!CONNECTORS.has(word)) context.strangers++;
  }
  context.previous = word;
};

const isSentenceEnd = (text: string, at: number, end: number): boolean => {
  const code = text.charCodeAt(at);
  if (code === 0x3b) return true;
  return (
    (code === 0x2e || code === 0x21 || code === 0x3f) &&
    at + 1 < end &&
    classAt(text, at + 1) !== LETTER &&
    classAt(text, at + 1) > 9
  );
};

/** Abbreviations end with a dot that ends no sentence. */
const ABBREVIATIONS: ReadonlySet<string> = new Set(['no', 'nr', 'acct', 'tel', 'num', 'nbr']);

/** Reads on to `to`, the start of a number; afterwards `kind` is the label that this number stands under, if any. */
export const readLabels = (
  context: LabelContext,
  text: string,
  floor: number,
  to: number,
  end: number,
): void => {
  let i = Math.max(context.at, floor);
  if (to - i > WINDOW_CHARS) {
    i = to - WINDOW_CHARS;
    forget(context);
    context.previous = '';
  }
  let newlines = 0;
  while (i < to) {
    const found = classAt(text, i);
    if (found === LETTER) {
      let after = i + 1;
      while (after < to && classAt(text, after) === LETTER) after++;
      meetWord(context, after - i > WORD_CHARS_MAX ? '' : text.slice(i, after).toLowerCase(), after);
      i = after;
      continue;
    }
    // A number, an address or a marker in between belongs to somebody else's label.
    if (found <= AT || found === OPEN) forget(context);
    else if (found === NEWLINE && ++newlines > 1) forget(context);
    else if (text.charCodeAt(i) === 0x23 && context.kind !== undefined) context.strong = true;
    else if (isSentenceEnd(text, i, end) && !ABBREVIATIONS.has(context.previous)) forget(context);
    i++;
  }
  context.at = Math.max(context.at, to);
  if (context.kind !== undefined && to - context.end > REACH_CHARS) forget(context);
};

/** The number up to `end` was a value of the label. */
export const spendLabel = (context: LabelContext, end: number): void => {
  context.at = end;
  context.end = end;
  context.spent = true;
};

/** Something else was found up to `end`. */
export const skipLabel = (context: LabelContext, end: number): void => {
  context.at = Math.max(context.at, end);
  forget(context);
};
