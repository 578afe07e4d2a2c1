import { findKnownValues, type KnownValues, mayCross, VALUE_CHARS_MAX } from './known-values.js';
import { type Document, type Edit, sortEdits } from './masking-run.js';

/**
 * Whether a known value stands in the document outside of everything that is masked already. The inside of an edit is
 * passed over where no value can reach across its borders; of a long one (a text that was decoded and masked as a
 * document of its own), all but what is near its borders.
 */
const isRepeatedIn = (known: KnownValues, document: Document): boolean => {
  sortEdits(document);
  const { text, edits } = document;
  let repeated = false;
  let next = 0;
  const look = (start: number, end: number): void => {
    while (next < edits.length && (edits[next] as Edit).end < end) next++;
    // Reports come in the order of their ends: the edit that could cover this one is the first that ends behind it.
    if (next === edits.length || (edits[next] as Edit).start > start) repeated = true;
  };
  let from = 0;
  for (const edit of edits) {
    if (edit.start < from) continue;
    if (!mayCross(known, text, edit.start) && !mayCross(known, text, edit.end)) {
      findKnownValues(known, text, from, edit.start, look);
      from = edit.end;
    } else if (edit.end - edit.start > 2 * VALUE_CHARS_MAX) {
      findKnownValues(known, text, from, edit.start + VALUE_CHARS_MAX, look);
      from = edit.end - VALUE_CHARS_MAX;
    }
  }
  findKnownValues(known, text, from, text.length, look);
  return repeated;
};

/** Whether a second pass with these values would mask more than the first. */
export const isRepeated = (known: KnownValues, documents: readonly Document[]): boolean =>
  documents.some((document) => isRepeatedIn(known, document));
