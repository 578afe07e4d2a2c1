import { ABOUT, ID_LIKE, KEY_CLASSES, type KeyClass, QUALIFIERS, ROLES, TELLING } from './key-words.js';

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

/** Also tries without a counter at the end (`phone2`, `address_line_1`) and without a plural. */
const lookUp = (joined: string): KeyClass | undefined => {
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
  for (let skipped = 0; skipped < found.length; skipped++) {
    // "file name" is not a name, but "wire account number" is an account number whatever "wire" may be.
    if (!qualified && skipped === found.length - 1) break;
    const hit = lookUp(skipped === 0 ? joined : found.slice(skipped).join(''));
    if (hit) return hit;
    qualified &&= QUALIFIERS.has(found[skipped] as string);
  }
  const telling = ABOUT.has(last) ? undefined : found.find((word) => TELLING.has(word));
  if (telling !== undefined) return KEY_CLASSES.get(telling) as KeyClass;
  return ID_LIKE.has(last) || ID_LIKE.has(found[0] as string) ? IDENTIFIER : UNKNOWN;
};

export interface KeyReading {
  readonly class: KeyClass;
  /** ROLE_ bits. */
  readonly roles: number;
}

/**
 * What a key says about its value and its siblings. Case, punctuation, counters, plurals and words such as "customer"
 * or "billing" do not matter: `customerSSN`, `Billing Address (2)` and `ACCT_NO` are all found.
 */
export const readKey = (key: string): KeyReading => {
  const found = key.length > KEY_CHARS_MAX ? [] : wordsOfKey(key);
  if (found.length === 0) return { class: UNKNOWN, roles: 0 };
  const joined = found.length === 1 ? (found[0] as string) : found.join('');
  return { class: classify(found, joined), roles: ROLES.get(joined) ?? 0 };
};
