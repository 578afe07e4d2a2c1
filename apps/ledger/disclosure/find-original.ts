import { callStream } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import type { EventStore } from '#event-store/event-store.js';

export interface Original {
  readonly eventId: string;
  readonly commit: Digest;
  readonly sealed: Uint8Array;
}

/**
 * The sealed original of a call: what its upstream answered, or the payload of another entry of it.
 * @throws CountersignError not_found when there is none, or its key was destroyed with it
 */
export const findOriginal = async (
  store: EventStore,
  callId: string,
  eventId: string | undefined,
): Promise<Original> => {
  const events = await store.readStream(callStream(callId));
  const found = events.findLast(({ id, type }) =>
    eventId === undefined ? type === 'CallReturned' : id === eventId,
  );
  const commit = found === undefined ? undefined : readEntry(found.entry).payload?.commit;
  if (found?.attachment === undefined || commit === undefined)
    throw new CountersignError('not_found', `call ${callId} has no such sealed original`);
  return { eventId: found.id, commit, sealed: found.attachment };
};
