import { findKnownValues, type KnownValues } from './known-values.js';
import { type Document, sortEdits } from './masking-run.js';

/** Whether a known value stands in the document outside of everything that is masked already. */
const isRepeatedIn = (known: KnownValues, document: Document): boolean => {
  sortEdits(document);
  const { text, edits } = document;
  let next = 0;
  let repeated = false;
  findKnownValues(known, text, 0, text.length, (start, end) => {
    while (next < edits.length && (edits[next]?.end ?? 0) < end) next++;
    // Matches come in the order of their ends: the edit that could cover this one is the first that ends behind it.
    if ((edits[next]?.start ?? Number.POSITIVE_INFINITY) > start) repeated = true;
  });
  return repeated;
};

/** Whether a second pass with these values would mask more than the first. */
export const isRepeated = (known: KnownValues, documents: readonly Document[]): boolean =>
  documents.some((document) => isRepeatedIn(known, document));
