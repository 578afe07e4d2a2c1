import type { EventToAppend } from '../event-store.js';

/**
 * Events as they cross a thread: the bytes of all of them in one buffer. Cloning each view on its own would
 * cost more and, for views into Node's buffer pool, copy the whole pool each time.
 */
export interface PackedEvents {
  readonly ids: string[];
  readonly types: string[];
  /** Two numbers an event: bytes of the entry, bytes of the attachment or -1 for none. */
  readonly sizes: number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `bytes_total`: the sum over all entries and attachments of `batches`. */
export const packEvents = (
  batches: Iterable<readonly EventToAppend[]>,
  bytes_total: number,
): PackedEvents => {
  const packed: PackedEvents = { ids: [], types: [], sizes: [], bytes: new Uint8Array(bytes_total) };
  let at = 0;
  const put = (part: Uint8Array): number => {
    packed.bytes.set(part, at);
    at += part.byteLength;
    return part.byteLength;
  };
  for (const events of batches) {
    for (const { id, type, entry, attachment } of events) {
      packed.ids.push(id);
      packed.types.push(type);
      packed.sizes.push(put(entry), attachment ? put(attachment) : -1);
    }
  }
  if (at !== bytes_total) throw new Error(`packEvents: ${at} bytes, announced were ${bytes_total}`);
  return packed;
};

/** The events again, in order; their bytes are views into `packed.bytes`. */
export const unpackEvents = (packed: PackedEvents): EventToAppend[] => {
  let at = 0;
  const take = (bytes: number): Uint8Array => {
    at += bytes;
    return packed.bytes.subarray(at - bytes, at);
  };
  return packed.ids.map((id, index) => {
    const type = packed.types[index] as string;
    const entry = take(packed.sizes[2 * index] as number);
    const attached = packed.sizes[2 * index + 1] as number;
    return attached < 0 ? { id, type, entry } : { id, type, entry, attachment: take(attached) };
  });
};
