import { randomUUID } from 'node:crypto';
import { buildAppend } from '#core/evidence/build-append.js';
import type { LogEvent } from '#core/log/log.events.js';
import { type AppendResult, type EventStore, WrongRevision } from '#event-store/event-store.js';

const TRIES_MAX = 3;

/**
 * Stores an event of the log's own. `expected`: revision of the stream's last event, -1 for none.
 * @throws WrongRevision, StoreUnavailable, StoreFull, UnknownOutcome
 */
export const recordLogEvent = (
  store: EventStore,
  stream: string,
  expected: number,
  event: LogEvent,
  attachment?: Uint8Array,
): Promise<AppendResult> => {
  const command = buildAppend(
    {
      stream,
      expected,
      time: new Date().toISOString(),
      actor: { kind: 'service', service: 'ledger', instance: 'log' },
      correlation: stream,
      causation: stream,
      newId: randomUUID,
    },
    [{ event, ...(attachment === undefined ? {} : { attachment }) }],
  );
  return store.append(stream, expected, command.events);
};

/** The same at the end of the stream, wherever that is: for events that do not depend on those before. */
export const recordAtEnd = async (
  store: EventStore,
  stream: string,
  event: LogEvent,
  attachment?: Uint8Array,
): Promise<void> => {
  for (let tries = 1; ; tries++) {
    const [last] = await store.readStream(stream, { backwards: true, limit: 1 });
    try {
      await recordLogEvent(store, stream, last?.revision ?? -1, event, attachment);
      return;
    } catch (error) {
      if (!(error instanceof WrongRevision) || tries === TRIES_MAX) throw error;
    }
  }
};
