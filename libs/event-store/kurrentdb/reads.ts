import type { KurrentDBClient, ResolvedEvent } from '@kurrent/kurrentdb-client';
import { type AllPage, type ReadAllOptions, type StoredEvent, StoreUnavailable } from '../event-store.js';
import { isStreamNotFound } from './append-error.js';
import { eventFilter } from './event-filter.js';
import { fromKurrent } from './kurrent-event.js';
import type { RenewableClient } from './renewable-client.js';

export interface Reads {
  readStream(stream: string, options: { backwards: boolean; limit?: number }): Promise<StoredEvent[]>;
  /** @throws StoreUnavailable also when there is no such event. */
  positionOf(stream: string, revision: number): Promise<bigint>;
  readAll(options: ReadAllOptions): Promise<AllPage>;
  /** Position of the last record of any kind; undefined when the database is empty. */
  head(): Promise<bigint | undefined>;
}

/** Reads go to the leader, so that what was appended is seen at once. */
export const createReads = (client: RenewableClient, deadline_ms: number): Reads => {
  const collect = (
    read: (client: KurrentDBClient) => AsyncIterable<ResolvedEvent>,
  ): Promise<ResolvedEvent[]> =>
    client.read((current) =>
      inTime(deadline_ms, async () => {
        const collected: ResolvedEvent[] = [];
        for await (const event of read(current)) collected.push(event);
        return collected;
      }),
    );

  const ofStream = async (
    stream: string,
    options: NonNullable<Parameters<KurrentDBClient['readStream']>[1]>,
  ): Promise<StoredEvent[]> => {
    const events = await collect((current) =>
      emptyIfUnknown(current.readStream(stream, { ...options, requiresLeader: true })),
    );
    return events.flatMap((event) => fromKurrent(event) ?? []);
  };

  const ofAll = (options: NonNullable<Parameters<KurrentDBClient['readAll']>[0]>): Promise<ResolvedEvent[]> =>
    collect((current) => current.readAll({ ...options, requiresLeader: true }));

  const head = async (): Promise<bigint | undefined> => {
    const [last] = await ofAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 });
    return last && positionOfResolved(last);
  };

  return {
    head,
    readStream: (stream, { backwards, limit }) =>
      ofStream(stream, {
        ...(backwards && { direction: 'backwards', fromRevision: 'end' }),
        ...(limit !== undefined && { maxCount: limit }),
      }),
    positionOf: async (stream, revision) => {
      const [event] = await ofStream(stream, { fromRevision: BigInt(revision), maxCount: 1 });
      if (event?.revision === revision) return event.position;
      throw new StoreUnavailable(`stream ${stream} has no revision ${revision}`);
    },
    readAll: async ({ after, limit, types, attachments }) => {
      // Before the page: whatever is written in between lies beyond it and is found by the next page.
      const head_before = types && (await head());
      const maxCount = limit + (after === undefined ? 0 : 1);
      const found = await ofAll({
        // 0 is where an empty log ends; the server knows no record there to read on from.
        fromPosition: after === undefined || after === 0n ? 'start' : { commit: after, prepare: after },
        filter: eventFilter(types),
        maxCount,
      });
      const page = pageOf(found, { after, limit, head_before, complete: found.length < maxCount });
      return attachments === false ? { ...page, events: page.events.map(withoutAttachment) } : page;
    },
  };
};

const withoutAttachment = ({ attachment: _left, ...event }: StoredEvent): StoredEvent => event;

async function* emptyIfUnknown(events: AsyncIterable<ResolvedEvent>): AsyncGenerator<ResolvedEvent> {
  try {
    yield* events;
  } catch (error) {
    if (!isStreamNotFound(error)) throw error;
  }
}

/** The server reads from `after` on, including it; an event at `after` is therefore passed over here. */
const pageOf = (
  found: readonly ResolvedEvent[],
  options: { after: bigint | undefined; limit: number; head_before: bigint | undefined; complete: boolean },
): AllPage => {
  const { after, limit, head_before, complete } = options;
  const events = found
    .flatMap((event) => fromKurrent(event) ?? [])
    .filter(({ position }) => after === undefined || position > after)
    .slice(0, limit);
  if (events.length === limit) return { events, scannedTo: events.at(-1)?.position };
  const last = found.at(-1);
  const seen = [after, last && positionOfResolved(last), complete ? head_before : undefined];
  return { events, scannedTo: seen.reduce(later, undefined) };
};

const later = (a: bigint | undefined, b: bigint | undefined): bigint | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
};

const positionOfResolved = ({ event, link, commitPosition }: ResolvedEvent): bigint | undefined =>
  commitPosition ?? link?.position?.commit ?? event?.position?.commit;

/** A read has no deadline in the client; one that comes too late is left to itself. */
const inTime = async <Result>(deadline_ms: number, work: () => Promise<Result>): Promise<Result> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new StoreUnavailable(`read: no answer within ${deadline_ms} ms`)),
    deadline_ms,
  );
  try {
    return await Promise.race([work(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
