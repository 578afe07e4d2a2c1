import type { Truth } from '../policy.types.js';

export const GLOB_CHARS_MAX = 256;
/** Longer values are unknown, which bounds the work of one check to about a million steps. */
export const GLOB_VALUE_CHARS_MAX = 4096;

const STAR = '*';
const STAR_STAR = '**';
const ONE = '?';
type Token = { readonly literal: string } | typeof STAR | typeof STAR_STAR | typeof ONE;

const tokensOf = (pattern: string): readonly Token[] => {
  const tokens: Token[] = [];
  for (const part of pattern.match(/\*+|\?|[^*?]/gsu) ?? []) {
    if (part === ONE) tokens.push(ONE);
    else if (part.startsWith(STAR)) tokens.push(part.length === 1 ? STAR : STAR_STAR);
    else tokens.push({ literal: part });
  }
  return tokens;
};

const accepts = (token: Token, char: string): boolean =>
  token === STAR_STAR || (typeof token === 'object' ? token.literal === char : char !== '/');

/**
 * Wildcards over the whole value: `*` = any characters but `/`, `**` = any characters, `?` = one character but `/`;
 * everything else stands for itself, case counts, there is no escape. Characters are Unicode code points. All
 * positions of the pattern are followed at once: no backtracking, work <= length of the value x length of the pattern.
 */
export const compileGlob = (pattern: string): ((value: string) => Truth) => {
  const tokens = tokensOf(pattern);
  // A star may stand for nothing: being before it is also being behind it.
  const reach = (states: Uint8Array, from: number): void => {
    for (let at = from; ; at++) {
      states[at] = 1;
      if (tokens[at] !== STAR && tokens[at] !== STAR_STAR) return;
    }
  };
  return (value) => {
    if (value.length > GLOB_VALUE_CHARS_MAX) return undefined;
    let states: Uint8Array = new Uint8Array(tokens.length + 1);
    reach(states, 0);
    for (const char of value) {
      const next = new Uint8Array(tokens.length + 1);
      tokens.forEach((token, at) => {
        if (states[at] === 0 || !accepts(token, char)) return;
        reach(next, token === STAR || token === STAR_STAR ? at : at + 1);
      });
      states = next;
    }
    return states[tokens.length] === 1;
  };
};
