import type { MaskKind } from '../policy/policy.types.js';
import { AT, classAt, isWordAt, LETTER, NEWLINE, OPEN } from './characters.js';

/** The label must end this close before its value, with nothing between but words. */
const REACH_CHARS = 32;
const WINDOW_CHARS = 64;

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
  previousStart: number;
  previousEnd: number;
}

export const newLabelContext = (): LabelContext => ({
  kind: undefined,
  strong: false,
  end: 0,
  strangers: 0,
  spent: false,
  at: 0,
  previousStart: 0,
  previousEnd: 0,
});

/** What a word means to the label before it, or as a label. */
interface Word {
  readonly text: string;
  /** The word is a label by itself; `none` takes an earlier label back: "account 17, order 99887766". */
  readonly label?: MaskKind | 'none';
  /** With one of these words and this character before it, it is a label: "social security". */
  readonly after?: Readonly<Record<string, MaskKind>>;
  /** Follows a label without weakening it. */
  readonly connects?: boolean;
  /** Makes "account" certain. */
  readonly numbers?: boolean;
  /** Goes on with a list of values. */
  readonly lists?: boolean;
}

const labels = (label: MaskKind | 'none', list: string): Word[] =>
  list.split(' ').map((text) => ({ text, label }));

const WORDS: readonly Word[] = [
  ...labels('US_SSN', 'ssn ssns ss itin tin socsec'),
  ...labels('BANK_ACCOUNT', 'account accounts acct accts iban accountnumber acctno statement statements'),
  ...labels('PHONE', 'phone telephone tel mobile cell cellphone fax landline'),
  ...labels('DOB', 'dob born birth birthday birthdate birthdays'),
  ...labels(
    'none',
    'order orders ref reference invoice transaction txn trace ticket case routing aba balance amount',
  ),
  ...labels('none', 'total zip version year since check cheque branch page line'),
  { text: 'security', after: { 'social ': 'US_SSN', 'social-': 'US_SSN' } },
  { text: 'id', after: { 'tax ': 'US_SSN', 'taxpayer ': 'US_SSN' }, connects: true },
  { text: 'identification', after: { 'tax ': 'US_SSN', 'taxpayer ': 'US_SSN' } },
  { text: 'c', after: { 'a/': 'BANK_ACCOUNT' } },
  ...['number', 'numbers', 'no', 'nr', 'num', 'nbr'].map((text) => ({ text, connects: true, numbers: true })),
  ...['is', 'are', 'ending', 'in', 'details'].map((text) => ({ text, connects: true })),
  { text: 'and', lists: true },
  { text: 'or', lists: true },
];

/** Of the lower-case ASCII letters of a word; computed while reading, so that strange words cost no copy. */
const hashOf = (hash: number, code: number): number => Math.imul(hash ^ (code | 0x20), 0x01000193);
const HASH_START = 0x811c9dc5 | 0;
const WORDS_BY_HASH: ReadonlyMap<number, Word> = new Map(
  WORDS.map((word) => [
    [...word.text].reduce((hash, char) => hashOf(hash, char.charCodeAt(0)), HASH_START),
    word,
  ]),
);

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

const meetWord = (context: LabelContext, word: Word | undefined, end: number, previous: string): void => {
  const label = word?.label ?? word?.after?.[previous];
  if (label === 'none') forget(context);
  else if (label !== undefined) set(context, label, label !== 'BANK_ACCOUNT' || word?.text === 'iban', end);
  else if (context.spent) {
    if (!word?.lists) forget(context);
  } else if (context.kind !== undefined) {
    if (word?.numbers && context.strangers === 0) {
      context.strong = true;
      context.end = end;
    } else if (!word?.connects) context.strangers++;
  }
};

/** The word that stands right before `from`, in lower case: one space, dash or slash away, and not the tail of a code. */
const wordBefore = ({ previousStart, previousEnd }: LabelContext, text: string, from: number): string => {
  const adjoins =
    from - previousEnd === 1 && !isWordAt(text, previousEnd) && !isWordAt(text, previousStart - 1);
  return adjoins ? text.slice(previousStart, from).toLowerCase() : '';
};

/** Reads the word at `from`; the index after it. Letters glued to digits before them are part of a code, not a label. */
const readWord = (context: LabelContext, text: string, from: number, to: number): number => {
  let hash = HASH_START;
  let after = from;
  while (after < to && classAt(text, after) === LETTER) hash = hashOf(hash, text.charCodeAt(after++));
  const known = WORDS_BY_HASH.get(hash);
  const isKnown = known && !isWordAt(text, from - 1) && text.slice(from, after).toLowerCase() === known.text;
  const word = isKnown ? known : undefined;
  meetWord(context, word, after, word?.after ? wordBefore(context, text, from) : '');
  context.previousStart = from;
  context.previousEnd = after;
  return after;
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
const followsAbbreviation = (
  { previousStart, previousEnd }: LabelContext,
  text: string,
  at: number,
): boolean =>
  previousEnd === at &&
  at - previousStart <= 4 &&
  ABBREVIATIONS.has(text.slice(previousStart, at).toLowerCase());

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
  }
  let newlines = 0;
  while (i < to) {
    const found = classAt(text, i);
    if (found === LETTER) {
      i = readWord(context, text, i, to);
      continue;
    }
    // A number, an address or a marker in between belongs to somebody else's label.
    if (found <= AT || found === OPEN) forget(context);
    else if (found === NEWLINE && ++newlines > 1) forget(context);
    else if (text.charCodeAt(i) === 0x23 && context.kind !== undefined) context.strong = true;
    else if (isSentenceEnd(text, i, end) && !followsAbbreviation(context, text, i)) forget(context);
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
