import type { BinaryEventType, EventData, RecordedEvent, ResolvedEvent } from '@kurrent/kurrentdb-client';
import type { EventToAppend, StoredEvent } from '../event-store.js';

/**
 * How an event lies in KurrentDB: the entry is the data, with content type application/octet-stream; the
 * attachment is the metadata, behind one zero byte. Both are on purpose not JSON to the client: it would parse
 * what looks like JSON and give back other bytes than those that were hashed.
 */
const ATTACHMENT_MARK = 0x00;

export const toKurrent = ({ id, type, entry, attachment }: EventToAppend): EventData<BinaryEventType> => ({
  id,
  type,
  contentType: 'application/octet-stream',
  data: plainView(entry),
  metadata: attachment && marked(attachment),
});

/** Undefined for what is not an event of a user: links that lead nowhere, and the server's own streams. */
export const fromKurrent = ({ event, commitPosition }: ResolvedEvent): StoredEvent | undefined => {
  if (!event || event.streamId.startsWith('$')) return undefined;
  const position = event.position?.commit ?? commitPosition;
  if (position === undefined) throw new Error(`event ${event.id} came without a position`);
  const attachment = attachmentOf(event);
  return {
    id: event.id,
    type: event.type,
    stream: event.streamId,
    revision: Number(event.revision),
    position,
    entry: entryOf(event),
    ...(attachment && { attachment }),
  };
};

/** The client takes only true Uint8Arrays for bytes; it would write a Buffer as JSON. */
const plainView = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const marked = (attachment: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(attachment.byteLength + 1);
  bytes[0] = ATTACHMENT_MARK;
  bytes.set(attachment, 1);
  return bytes;
};

/**
 * Events that others wrote as JSON are parsed by the client before we see them. They are given as well as can
 * be, so that the ledger finds that they do not belong there, instead of every reader stopping at them.
 */
const entryOf = ({ data }: RecordedEvent): Uint8Array =>
  data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data));

const attachmentOf = ({ metadata }: RecordedEvent): Uint8Array | undefined => {
  if (metadata === undefined || metadata === null) return undefined;
  if (!(metadata instanceof Uint8Array)) return Buffer.from(JSON.stringify(metadata));
  return metadata[0] === ATTACHMENT_MARK ? metadata.subarray(1) : metadata;
};
