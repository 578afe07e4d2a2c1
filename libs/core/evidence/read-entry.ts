import { CountersignError } from '../errors.js';
import type { Entry } from './entry.js';
import { upcast } from './upcast.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Parses a stored entry, of any type and version. The bytes stay the truth; the object is for reading only. */
export const readEntry = (bytes: Uint8Array): Entry => JSON.parse(decoder.decode(bytes)) as Entry;

/**
 * The entry as one of a noun's events, in the version that readers work with. The caller knows by the stream's prefix
 * which noun that is. Undefined: a type or version that this release does not know, so that nobody may guess what it says.
 */
export const knownEvent = <Event extends { readonly type: string }>(entry: Entry): Event | undefined =>
  upcast(entry) as Event | undefined;

/**
 * The same, where nothing can go on without it.
 * @throws CountersignError event_unknown
 */
export const asEvent = <Event extends { readonly type: string }>(entry: Entry): Event => {
  const event = knownEvent<Event>(entry);
  if (event === undefined)
    throw new CountersignError('event_unknown', `${entry.type} of version ${entry.v} in ${entry.stream}`);
  return event;
};

/** @throws CountersignError event_unknown: one of the entries cannot be read, so that what they say together is not known */
export const requireKnown = (entries: readonly Entry[]): void => {
  for (const entry of entries) asEvent(entry);
};
