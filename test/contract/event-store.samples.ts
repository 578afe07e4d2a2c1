import { randomBytes, randomUUID } from 'node:crypto';
import type { EventStore, EventToAppend, StoredEvent } from '#event-store/event-store.js';

export const newStream = (): string => `contract-${randomUUID()}`;

/** A type nobody else uses: the store may hold events of others. */
export const newType = (): string => `ContractTested${randomBytes(6).toString('hex')}`;

export const eventOf = (type: string, text = 'entry'): EventToAppend => ({
  id: randomUUID(),
  type,
  entry: Buffer.from(JSON.stringify({ text })),
  attachment: randomBytes(40),
});

export const eventsOf = (type: string, count: number): EventToAppend[] =>
  Array.from({ length: count }, (_, n) => eventOf(type, `entry ${n}`));

export const ids = (events: readonly { id: string }[]): string[] => events.map(({ id }) => id);

/** A position before anything the test writes from here on. */
export const positionNow = async (store: EventStore): Promise<bigint> =>
  (await store.append(newStream(), -1, [eventOf(newType())])).position;

/** Everything after `after`, page by page, until the log has no more. */
export const readToEnd = async (
  store: EventStore,
  options: { after: bigint; types?: readonly string[]; limit: number },
): Promise<StoredEvent[]> => {
  const events: StoredEvent[] = [];
  let after = options.after;
  for (;;) {
    const page = await store.readAll({ ...options, after });
    events.push(...page.events);
    if (page.scannedTo === undefined || page.scannedTo <= after) return events;
    after = page.scannedTo;
  }
};

/** The first `count` events of a subscription, which is then aborted. */
export const takeFromSubscription = async (
  store: EventStore,
  count: number,
  options: { after?: bigint; types?: readonly string[]; onCaughtUp?: () => void },
): Promise<StoredEvent[]> => {
  const stop = new AbortController();
  const taken: StoredEvent[] = [];
  for await (const event of store.subscribe({ ...options, signal: stop.signal })) {
    taken.push(event);
    if (taken.length === count) stop.abort();
  }
  return taken;
};

/** Runs `work`, a read or the append of one and the same batch, until the store answers: both may be repeated. */
export const untilAnswered = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const again =
        error instanceof Error && /StoreUnavailable|UnknownOutcome/.test(error.name) && attempt < 200;
      if (!again) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};
