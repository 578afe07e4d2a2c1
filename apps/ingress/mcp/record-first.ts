import { randomUUID } from 'node:crypto';
import { ledgerAppend } from '#contracts/ledger.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import { callerActor } from '#http/record-refusal.js';
import type { Caller } from '#identity/caller.js';
import type { Gateway } from '../gateway.js';

/**
 * The first event of a stream, about one request of a caller: on record once this returns (promise G6).
 * @param id of what the stream is about
 * @throws CountersignError ledger_*
 */
export const recordFirst = async (
  { bus, now }: Gateway,
  caller: Caller,
  id: string,
  stream: string,
  event: DomainEvent,
): Promise<void> => {
  const about = { actor: callerActor(caller), correlation: id, causation: id, newId: randomUUID };
  const command = buildAppend({ ...about, time: now().toISOString(), stream, expected: -1 }, [{ event }]);
  await bus.request(ledgerAppend, command);
};
