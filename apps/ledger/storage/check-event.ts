import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { Entry, PayloadCommitment } from '#core/evidence/entry.js';
import type { StoredEvent } from '#event-store/event-store.js';
import { readSealed, SALT_BYTES } from '#sealing/sealed-payload.js';
import { sha256 } from '#sealing/sha256.js';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What is wrong with a stored event, looked at alone: its entry is not RFC 8785 JSON, says something else than the columns
 * it is found by, or does not fit the bytes beside it. Undefined when all of it fits. Needs no key: a sealed payload is
 * checked up to its key id and length, a plain one against its commitment.
 */
export const checkEvent = (event: StoredEvent): string | undefined => {
  const entry = parsed(event.entry);
  if (typeof entry === 'string') return entry;
  for (const name of ['id', 'type', 'stream', 'revision'] as const)
    if (entry[name] !== event[name])
      return `stored with ${name} ${event[name]}, its entry says ${entry[name]}`;
  return checkAttachment(entry.payload, event.attachment);
};

const parsed = (bytes: Uint8Array): Entry | string => {
  try {
    const text = decoder.decode(bytes);
    const entry = JSON.parse(text) as Entry;
    if (canonicalJson(entry as unknown as Json) !== text) return 'its entry is not RFC 8785 JSON';
    return entry !== null && typeof entry === 'object' ? entry : 'its entry is not an object';
  } catch (error) {
    return `its entry cannot be read: ${(error as Error).message}`;
  }
};

const checkAttachment = (
  payload: PayloadCommitment | undefined,
  attachment: Uint8Array | undefined,
): string | undefined => {
  if (payload === undefined)
    return attachment === undefined ? undefined : 'has bytes beside it that its entry does not know';
  if (attachment === undefined) return 'the bytes its entry commits to are missing';
  if (payload.kid !== undefined) return checkSealed(payload, attachment);
  if (attachment.byteLength !== payload.bytes)
    return `has ${attachment.byteLength} bytes beside it, not ${payload.bytes}`;
  return sha256(attachment) === payload.commit
    ? undefined
    : 'the bytes beside it are not those its entry commits to';
};

const checkSealed = ({ kid, bytes }: PayloadCommitment, attachment: Uint8Array): string | undefined => {
  try {
    const { header, ciphertext } = readSealed(attachment);
    if (header.kid !== kid) return `is sealed with key ${header.kid}, its entry says ${kid}`;
    const sealed_bytes = ciphertext.byteLength - SALT_BYTES;
    return sealed_bytes === bytes ? undefined : `has ${sealed_bytes} sealed bytes, its entry says ${bytes}`;
  } catch (error) {
    return `its sealed payload cannot be read: ${(error as Error).message}`;
  }
};
