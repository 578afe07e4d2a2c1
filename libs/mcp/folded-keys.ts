import { CountersignError } from '#core/errors.js';

/**
 * Refuses an object in which two keys differ only by case or compatibility folding (`method` and `Method`, `params`
 * and `param\u017f`): readers that match keys loosely would take the other one.
 * @throws CountersignError json_malformed naming `where`, never the key.
 */
export const refuseFoldedKeys = (keys: readonly string[], where: string): void => {
  if (keys.length < 2) return;
  const seen = new Set<string>();
  for (const key of keys) {
    const folded = fold(key);
    if (seen.has(folded)) {
      throw new CountersignError(
        'json_malformed',
        `two keys of ${where} differ only by case or Unicode folding`,
      );
    }
    seen.add(folded);
  }
};

/** Upper case first: it also unites the dotless i, the long s and the sharp s with their plain forms. */
const fold = (key: string): string => {
  const lower = key.toLowerCase();
  // Equal lengths in UTF-8 and UTF-16 means ASCII, which the second pass cannot change.
  if (Buffer.byteLength(lower) === lower.length) return lower;
  return key.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
};
