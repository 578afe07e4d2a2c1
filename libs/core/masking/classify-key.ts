import { classAt, INTERESTING, SPACE } from './characters.js';
import { ABOUT, ID_LIKE, KEY_CLASSES, type KeyClass, QUALIFIERS, ROLES, TELLING } from './key-words.js';
import type { Rule } from './rule.js';

/** Longer keys are data, not names of fields. */
const KEY_CHARS_MAX = 64;
const UNKNOWN: KeyClass = { strong: false, idLike: false };
const IDENTIFIER: KeyClass = { strong: false, idLike: true };

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isUpper = (code: number): boolean => code >= 0x41 && code <= 0x5a;
const isLower = (code: number): boolean => code >= 0x61 && code <= 0x7a;

const isWordCode = (code: number): boolean =>
  isUpper(code) || isLower(code) || isDigit(code) || code > 0x7f || code === 0x23;

/** Words of a key in lower case: split at punctuation, spaces, and camelCase (`customerSSNNumber` has three). */
const wordsOfKey = (key: string): string[] => {
  const found: string[] = [];
  let start = -1;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (!isWordCode(code)) {
      // An apostrophe belongs to its word, or "mother's" would become two.
      if (start >= 0 && code !== 0x27) {
        found.push(key.slice(start, i).toLowerCase());
        start = -1;
      }
      continue;
    }
    if (start < 0) start = i;
    else if (isUpper(code)) {
      const before = key.charCodeAt(i - 1);
      if (isLower(before) || (isUpper(before) && i + 1 < key.length && isLower(key.charCodeAt(i + 1)))) {
        found.push(key.slice(start, i).toLowerCase());
        start = i;
      }
    }
  }
  if (start >= 0) found.push(key.slice(start).toLowerCase());
  return found;
};

/** The longest word of the vocabulary with a counter of two digits and a plural. */
const LOOKUP_CHARS_MAX = Math.max(...Array.from(KEY_CLASSES.keys(), (key) => key.length)) + 4;

/** Also tries without a counter at the end (`phone2`, `address_line_1`) and without a plural. */
const lookUp = (joined: string): KeyClass | undefined => {
  if (joined.length > LOOKUP_CHARS_MAX) return undefined;
  const exact = KEY_CLASSES.get(joined);
  if (exact) return exact;
  let length = joined.length;
  while (length > joined.length - 2 && isDigit(joined.charCodeAt(length - 1))) length--;
  const base = length === joined.length ? joined : joined.slice(0, length);
  const uncounted = base === joined ? undefined : KEY_CLASSES.get(base);
  if (uncounted || !base.endsWith('s')) return uncounted;
  return (
    KEY_CLASSES.get(base.slice(0, -1)) ??
    (base.endsWith('es') ? KEY_CLASSES.get(base.slice(0, -2)) : undefined)
  );
};

const classify = (found: readonly string[], joined: string): KeyClass => {
  const last = found[found.length - 1] as string;
  let qualified = true;
  let from = 0;
  for (let skipped = 0; skipped < found.length; skipped++) {
    // "file name" is not a name, but "wire account number" is an account number whatever "wire" may be.
    if (!qualified && skipped === found.length - 1) break;
    const hit = lookUp(joined.slice(from));
    if (hit) return hit;
    const word = found[skipped] as string;
    from += word.length;
    qualified &&= QUALIFIERS.has(word);
  }
  const telling = ABOUT.has(last) ? undefined : found.find((word) => TELLING.has(word));
  if (telling !== undefined) return KEY_CLASSES.get(telling) as KeyClass;
  return ID_LIKE.has(last) || ID_LIKE.has(found[0] as string) ? IDENTIFIER : UNKNOWN;
};

export interface KeyReading {
  readonly class: KeyClass;
  /** What the class makes of values under the key, in a profile that names its kind. */
  readonly rule: Rule | undefined;
  /** ROLE_ bits. */
  readonly roles: number;
  /** Nothing in it can start a find, and it has no space. */
  readonly isPlainWord: boolean;
}

const isPlain = (key: string): boolean => {
  for (let i = 0; i < key.length; i++) {
    const found = classAt(key, i);
    if (found <= INTERESTING || found === SPACE) return false;
  }
  return true;
};

const NOTHING: KeyReading = { class: UNKNOWN, rule: undefined, roles: 0, isPlainWord: false };
const NOTHING_PLAIN: KeyReading = { ...NOTHING, isPlainWord: true };

/**
 * What a key says about its value and its siblings. Case, punctuation, counters, plurals and words such as "customer"
 * or "billing" do not matter: `customerSSN`, `Billing Address (2)` and `ACCT_NO` are all found.
 */
export const readKey = (key: string): KeyReading => {
  const isPlainWord = isPlain(key);
  const found = key.length > KEY_CHARS_MAX ? [] : wordsOfKey(key);
  if (found.length === 0) return isPlainWord ? NOTHING_PLAIN : NOTHING;
  const joined = found.length === 1 ? (found[0] as string) : found.join('');
  const classified = classify(found, joined);
  const { kind, strong } = classified;
  const rule: Rule | undefined = kind === undefined ? undefined : { kind, strong, evidence: 'key' };
  return { class: classified, rule, roles: ROLES.get(joined) ?? 0, isPlainWord };
};

/** Distinct keys kept over all bodies; field names of a bank's systems are some hundreds. */
export const KEPT_KEYS_MAX = 4096;
const KEPT = new Map<string, KeyReading>();

/**
 * `readKey`, remembering what it said: a key means the same in every body. Only plain words are kept, so that neither
 * digits nor names with spaces outlive their body, and as copies of their own, so that no body outlives its call.
 */
export const readKeyOnce = (key: string): KeyReading => {
  const kept = KEPT.get(key);
  if (kept) return kept;
  const reading = readKey(key);
  if (reading.isPlainWord && key.length <= KEY_CHARS_MAX) {
    if (KEPT.size >= KEPT_KEYS_MAX) KEPT.clear();
    KEPT.set(key.split('').join(''), reading);
  }
  return reading;
};
