import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type EventStore, StoreUnavailable, UnknownOutcome } from '#event-store/event-store.js';
import { openKurrentEventStore } from '#event-store/kurrentdb/open-kurrent-event-store.js';
import { type FakeKurrentDb, startFakeKurrentDb } from '../fake-kurrentdb/fake-kurrentdb.js';
import type { AppendFault } from '../fake-kurrentdb/faults.js';
import { eventOf, eventsOf, ids, newStream, newType, untilAnswered } from './event-store.samples.js';

const DEADLINE_MS = 2_000;

let server: FakeKurrentDb | undefined;
let store: EventStore | undefined;

const start = async (
  options: Parameters<typeof startFakeKurrentDb>[0] = {},
): Promise<{ server: FakeKurrentDb; store: EventStore }> => {
  server = await startFakeKurrentDb(options);
  store = await openKurrentEventStore({
    url: server.url,
    append_deadline_ms: DEADLINE_MS,
    read_deadline_ms: DEADLINE_MS,
  });
  return { server, store };
};

afterEach(async () => {
  await store?.close();
  await server?.dispose();
});

/** Both ways to append that the protocol has: many on one call, and one call each on servers before 21.10. */
describe.each([
  ['batched appends', true],
  ['single appends', false],
])('KurrentDB adapter, %s', (_, batch_append) => {
  it.each<[AppendFault, typeof StoreUnavailable | typeof UnknownOutcome, number]>([
    ['unavailable', StoreUnavailable, 0],
    ['not_leader', StoreUnavailable, 0],
    ['timeout', UnknownOutcome, 2],
    ['drop_lost', UnknownOutcome, 0],
    ['drop_persisted', UnknownOutcome, 2],
    ['no_answer_lost', UnknownOutcome, 0],
    ['no_answer_persisted', UnknownOutcome, 2],
  ])('reports the fault "%s" as what it is, and a retry leaves one copy', async (fault, error, kept) => {
    const { server, store } = await start({ batch_append });
    await store.append(newStream(), -1, [eventOf(newType())]);
    const stream = newStream();
    const batch = eventsOf(newType(), 2);
    server.faults.order(fault);
    await expect(store.append(stream, -1, batch)).rejects.toBeInstanceOf(error);
    expect(server.log.stream(stream)).toHaveLength(kept);
    const answer = await untilAnswered(() => store.append(stream, -1, batch));
    expect(answer.revision).toBe(1);
    expect(ids(server.log.stream(stream))).toEqual(ids(batch));
    expect(server.log.stream(stream)[1]?.position).toBe(answer.position);
  });

  it('knows that nothing was written when the server cannot be reached, and goes on when it can', async () => {
    const { server, store } = await start({ batch_append });
    await server.stop();
    const stream = newStream();
    const batch = eventsOf(newType(), 1);
    await expect(store.append(stream, -1, batch)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.readStream(stream)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailable);
    await server.start();
    await untilAnswered(() => store.append(stream, -1, batch));
    expect(ids(server.log.stream(stream))).toEqual(ids(batch));
    await untilAnswered(() => store.ping());
  });

  it('refuses to append to a tombstoned stream, and to what is over the limit of the server', async () => {
    const { server, store } = await start({ batch_append, append_bytes_max: 1_000 });
    const stream = newStream();
    server.log.tombstone(stream);
    await expect(store.append(stream, -1, [eventOf(newType())])).rejects.toThrow(/was deleted/);
    const large = { ...eventOf(newType()), attachment: Buffer.alloc(1_001) };
    await expect(store.append(newStream(), -1, [large])).rejects.toBeInstanceOf(RangeError);
  });

  it('settles every append when a server that stopped reading breaks the connection', async () => {
    const { server, store } = await start({ batch_append });
    await store.append(newStream(), -1, [eventOf(newType())]);
    server.stall();
    const appends = Array.from({ length: 200 }, () => {
      const large = { ...eventOf(newType()), attachment: Buffer.alloc(100_000) };
      return store.append(newStream(), -1, [large]).catch((error: unknown) => error);
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.dropConnections();
    const outcomes = await Promise.all(appends);
    expect(outcomes.some((outcome) => outcome instanceof UnknownOutcome)).toBe(true);
    const stream = newStream();
    const batch = eventsOf(newType(), 1);
    expect(await untilAnswered(() => store.append(stream, -1, batch))).toMatchObject({ revision: 0 });
  });
});

describe('KurrentDB adapter', () => {
  it('gives events that others wrote as JSON as they can be read, and leaves the system events out', async () => {
    const { server, store } = await start();
    const stream = newStream();
    const data = Buffer.from('{"a":1}');
    const metadata = { type: 'Foreign', 'content-type': 'application/json' };
    server.log.append(stream, 'any', [{ id: randomUUID(), metadata, custom_metadata: data, data }]);
    server.log.append('$settings', 'any', [{ id: randomUUID(), metadata, custom_metadata: data, data }]);
    const { events } = await store.readAll({ limit: 100 });
    expect(events.map((event) => event.stream)).toEqual([stream]);
    expect(Buffer.from(events[0]?.entry ?? []).toString()).toBe('{"a":1}');
  });
});

describe('KurrentDB adapter on an empty store', () => {
  it('reads on from where an empty log ended, and then finds the first event', async () => {
    const { store: empty } = await start();
    const first = await empty.readAll({ limit: 10 });
    const again = await empty.readAll({
      limit: 10,
      ...(first.scannedTo === undefined ? {} : { after: first.scannedTo }),
    });
    expect([...first.events, ...again.events]).toEqual([]);
    const event = eventOf(newType());
    await empty.append(newStream(), -1, [event]);
    const found = await empty.readAll({
      limit: 10,
      ...(again.scannedTo === undefined ? {} : { after: again.scannedTo }),
    });
    expect(ids(found.events)).toEqual([event.id]);
  });
});
