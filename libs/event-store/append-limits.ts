import { ATTACHMENT_BYTES_MAX, ENTRY_BYTES_MAX, type EventToAppend } from './event-store.js';

export const STREAM_NAME_CHARS_MAX = 256;
export const EVENT_TYPE_CHARS_MAX = 128;
export const EVENTS_PER_APPEND_MAX = 1_000;
/** Entries and attachments of one append together: what one atomic write may weigh on every adapter. */
export const APPEND_BYTES_MAX = 24 * 1024 * 1024;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Refuses, before anything is written, what some adapter could not store exactly. @throws RangeError */
export const assertAppendable = (
  stream: string,
  expected: number,
  events: readonly EventToAppend[],
): number => {
  // "$" begins the names that EventStoreDB keeps for itself; no adapter may hold a stream another could not.
  if (!isName(stream, STREAM_NAME_CHARS_MAX)) throw new RangeError(`append: not a stream name: ${stream}`);
  if (!Number.isSafeInteger(expected) || expected < -1) throw new RangeError(`append: expected ${expected}`);
  if (events.length === 0 || events.length > EVENTS_PER_APPEND_MAX)
    throw new RangeError(`append: ${events.length} events, allowed are 1 to ${EVENTS_PER_APPEND_MAX}`);
  let bytes = 0;
  for (const event of events) bytes += assertEvent(event);
  if (bytes > APPEND_BYTES_MAX)
    throw new RangeError(`append: ${bytes} bytes together, allowed are ${APPEND_BYTES_MAX}`);
  return bytes;
};

const assertEvent = ({ id, type, entry, attachment }: EventToAppend): number => {
  if (!UUID.test(id)) throw new RangeError(`append: the event id must be a lower-case UUID: ${id}`);
  if (!isName(type, EVENT_TYPE_CHARS_MAX)) throw new RangeError(`append: not an event type: ${type}`);
  if (entry.byteLength > ENTRY_BYTES_MAX)
    throw new RangeError(`append: entry of ${entry.byteLength} bytes, allowed are ${ENTRY_BYTES_MAX}`);
  const attached = attachment?.byteLength ?? 0;
  if (attached > ATTACHMENT_BYTES_MAX)
    throw new RangeError(`append: attachment of ${attached} bytes, allowed are ${ATTACHMENT_BYTES_MAX}`);
  return entry.byteLength + attached;
};

const isName = (name: string, chars_max: number): boolean =>
  name.length > 0 &&
  name.length <= chars_max &&
  !name.startsWith('$') &&
  name.isWellFormed() &&
  !name.includes('\0');
