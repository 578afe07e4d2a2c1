const WORD = /[\p{L}\p{N}+][\p{L}\p{N}\-_.@+/:]*/gu;
const WORD_CHARS_MIN = 3;
const WORD_CHARS_MAX = 64;
const PATH_CHARS_MAX = 1_024;
const PARTS_MAX = 8;
const HAS_DIGIT = /\p{N}/u;
const STARTS_WITH_LETTER = /^\p{L}/u;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * What may identify somebody inside running text, a path or a URI: words with a digit, and e-mail addresses, of 3 to 64
 * code units. Of `statements/C-1042-2026.txt` these are `C-1042-2026.txt`, `C-1042-2026` and `C-1042`. Numbers written
 * with blanks between their groups are not one word.
 */
export function* identifyingWords(text: string): Generator<string> {
  for (const [found] of text.matchAll(WORD)) {
    if (found.length > PATH_CHARS_MAX || !(HAS_DIGIT.test(found) || found.includes('@'))) continue;
    let parts = 0;
    for (const segment of found.split(/[/:]/)) {
      if (++parts > PARTS_MAX) break;
      yield* formsOfWord(segment.replace(/[^\p{L}\p{N}]+$/u, ''));
    }
  }
}

function* formsOfWord(word: string): Generator<string> {
  if (!identifies(word)) return;
  yield word;
  if (!STARTS_WITH_LETTER.test(word) || word.includes('@') || UUID.test(word)) return;
  let rest = word;
  for (let cuts = 0; cuts < PARTS_MAX; cuts++) {
    const end = Math.max(rest.lastIndexOf('-'), rest.lastIndexOf('_'), rest.lastIndexOf('.'));
    if (end <= 0) return;
    rest = rest.slice(0, end);
    if (identifies(rest)) yield rest;
  }
}

const identifies = (word: string): boolean =>
  word.length >= WORD_CHARS_MIN &&
  word.length <= WORD_CHARS_MAX &&
  (HAS_DIGIT.test(word) || word.includes('@'));
