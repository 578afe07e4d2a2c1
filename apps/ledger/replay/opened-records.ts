import type { ReplayedItem, ReplayItem } from '#contracts/masking.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Entry } from '#core/evidence/entry.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import type { StoredEvent } from '#event-store/event-store.js';
import { readSealed } from '#sealing/sealed-payload.js';
import type { MaskingBatch } from './masking-batch.js';
import { requireVersion, Unreplayable } from './unreplayable.js';

/** A recorded event whose entry can be read. */
export interface Read {
  readonly stored: StoredEvent;
  readonly entry: Entry;
}

/** @throws Unreplayable when it is missing, is not JSON, or has a version that is not known */
export const readKnown = (stored: StoredEvent | undefined, type: string): Read => {
  if (stored === undefined) throw new Unreplayable({ problem: `${type} is missing` });
  return { stored, entry: requireVersion(parse(stored)) };
};

const parse = ({ entry, type }: StoredEvent): Entry => {
  try {
    return readEntry(entry);
  } catch {
    throw new Unreplayable({ problem: `the entry of ${type} is not JSON` });
  }
};

/** The sealed payload of an event and what its entry says of it. @throws Unreplayable when there is none, or not this one */
export const sealedOf = ({
  stored,
  entry,
}: Read): { readonly sealed: Uint8Array; readonly commit: Digest } => {
  const { payload } = entry;
  if (payload === undefined) throw new Unreplayable({ problem: `${entry.type} has no payload` });
  if (stored.attachment === undefined)
    throw new Unreplayable({ kid: `${payload.kid ?? 'no key'}, not in the store` });
  // Before masking is asked: a seal that names a key nobody has would else look like an erasure.
  if (sealingKeyOf(stored.attachment) !== payload.kid)
    throw new Unreplayable({ problem: 'the payload is sealed with another key than its entry says' });
  return { sealed: stored.attachment, commit: payload.commit };
};

const sealingKeyOf = (sealed: Uint8Array): string | undefined => {
  try {
    return readSealed(sealed).header.kid;
  } catch {
    throw new Unreplayable({ problem: 'the payload is not sealed' });
  }
};

/** What masking answers for payloads of these records. @throws Unreplayable when it could not run them again */
export const ask = async (
  masking: MaskingBatch,
  item: ReplayItem,
): Promise<Extract<ReplayedItem, { verdict: 'opened' | 'masked' }>> => {
  const answer = await masking.ask(item);
  switch (answer.verdict) {
    case 'erased':
      throw new Unreplayable({ kid: answer.kid });
    case 'broken':
      throw new Unreplayable({ problem: answer.why });
    case 'unknown_engine':
      throw new Unreplayable({ engine: item.do === 'mask' ? item.engine : 'sealing' });
    default:
      return answer;
  }
};

/** The recorded params of a call or a question. @throws Unreplayable */
export const openParams = async (masking: MaskingBatch, record: Read): Promise<JsonObject> => {
  const answer = await ask(masking, { do: 'open', payload: sealedOf(record) });
  if (answer.verdict !== 'opened') throw new TypeError('masking did not answer what it was asked');
  return JSON.parse(Buffer.from(answer.bytes).toString('utf8')) as JsonObject;
};
