import type { Entry } from './entry.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Parses a stored entry. The bytes stay the truth; the object is for reading only. */
export const readEntry = (bytes: Uint8Array): Entry => JSON.parse(decoder.decode(bytes)) as Entry;

/** The entry as one of a noun's events. The caller knows by the stream's prefix which noun that is. */
export const asEvent = <Event extends { readonly type: string }>(entry: Entry): Event =>
  entry as unknown as Event;
