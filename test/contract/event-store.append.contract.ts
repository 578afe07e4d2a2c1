import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APPEND_BYTES_MAX, EVENTS_PER_APPEND_MAX } from '#event-store/append-limits.js';
import {
  type AppendResult,
  ATTACHMENT_BYTES_MAX,
  ENTRY_BYTES_MAX,
  type EventToAppend,
  WrongRevision,
} from '#event-store/event-store.js';
import type { Subject } from './event-store.contract.js';
import { eventOf, eventsOf, ids, newStream, newType } from './event-store.samples.js';

const bytesOf = (bytes: Uint8Array | undefined): Buffer | undefined => bytes && Buffer.from(bytes);

export const appendContract = (current: () => Subject): void => {
  describe('append', () => {
    it('numbers the events of a stream from 0 and answers with the last one', async () => {
      const { store } = current();
      const stream = newStream();
      const first = await store.append(stream, -1, eventsOf(newType(), 3));
      const second = await store.append(stream, 2, eventsOf(newType(), 2));
      expect(first.revision).toBe(2);
      expect(second.revision).toBe(4);
      expect(second.position).toBeGreaterThan(first.position);
      const stored = await store.readStream(stream);
      expect(stored.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4]);
      expect(stored[2]?.position).toBe(first.position);
      expect(stored[4]?.position).toBe(second.position);
    });

    it('refuses a wrong expected revision, names the actual one and keeps nothing of the batch', async () => {
      const { store } = current();
      const stream = newStream();
      const refused = (expected: number): Promise<AppendResult> =>
        store.append(stream, expected, eventsOf(newType(), 2));
      await expect(refused(0)).rejects.toMatchObject({ name: 'WrongRevision', expected: 0, actual: -1 });
      expect(await store.readStream(stream)).toEqual([]);
      await store.append(stream, -1, eventsOf(newType(), 3));
      await expect(refused(-1)).rejects.toMatchObject({ stream, expected: -1, actual: 2 });
      await expect(refused(1)).rejects.toMatchObject({ stream, expected: 1, actual: 2 });
      await expect(refused(3)).rejects.toMatchObject({ stream, expected: 3, actual: 2 });
      await expect(refused(3)).rejects.toBeInstanceOf(WrongRevision);
      expect(await store.readStream(stream)).toHaveLength(3);
    });

    it('answers a retry with the same event ids like the first time and stores nothing more', async () => {
      const { store } = current();
      const stream = newStream();
      const batch = eventsOf(newType(), 3);
      const first = await store.append(stream, -1, batch);
      expect(await store.append(stream, -1, batch)).toEqual(first);
      // The answer stays the same after others have appended.
      await store.append(stream, 2, eventsOf(newType(), 1));
      expect(await store.append(stream, -1, batch)).toEqual(first);
      expect(await store.readStream(stream)).toHaveLength(4);
    });

    it('answers concurrent retries alike and stores one copy', async () => {
      const { store } = current();
      const stream = newStream();
      const batch = eventsOf(newType(), 2);
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.append(stream, -1, batch)));
      expect(new Set(answers.map(({ position }) => position)).size).toBe(1);
      expect(ids(await store.readStream(stream))).toEqual(ids(batch));
    });

    it('takes a retry at another expected revision, or with one other id, for a wrong revision', async () => {
      const { store } = current();
      const stream = newStream();
      const batch = eventsOf(newType(), 2);
      await store.append(stream, -1, batch);
      await store.append(stream, 1, eventsOf(newType(), 2));
      await expect(store.append(stream, 0, batch)).rejects.toMatchObject({ actual: 3 });
      const changed = [batch[0] as EventToAppend, eventOf(newType())];
      await expect(store.append(stream, -1, changed)).rejects.toMatchObject({ actual: 3 });
      await expect(store.append(stream, -1, [...batch, eventOf(newType())])).rejects.toMatchObject({
        actual: 3,
      });
      expect(await store.readStream(stream)).toHaveLength(4);
    });

    it('lets exactly one of 1,000 racers create a stream', async () => {
      const { store } = current();
      const stream = newStream();
      const racers = Array.from({ length: 1_000 }, () => eventOf(newType()));
      const outcomes = await Promise.allSettled(racers.map((racer) => store.append(stream, -1, [racer])));
      const won = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [racers[n]?.id] : []));
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
      expect(won).toHaveLength(1);
      expect(lost.every((error) => error instanceof WrongRevision && error.actual === 0)).toBe(true);
      expect(ids(await store.readStream(stream))).toEqual(won);
    });

    it('serves 1,000 concurrent appenders with a stream each', async () => {
      const { store } = current();
      const type = newType();
      const streams = Array.from({ length: 1_000 }, newStream);
      const answers = await Promise.all(streams.map((stream) => store.append(stream, -1, eventsOf(type, 2))));
      expect(answers.every(({ revision }) => revision === 1)).toBe(true);
      expect(new Set(answers.map(({ position }) => position)).size).toBe(1_000);
    });

    it('harms no other append when one of the same moment has a wrong revision', async () => {
      const { store } = current();
      const [good, bad, other] = [newStream(), newStream(), newStream()];
      const outcomes = await Promise.allSettled([
        store.append(good, -1, [eventOf(newType())]),
        store.append(bad, 7, [eventOf(newType())]),
        store.append(other, -1, [eventOf(newType())]),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await store.readStream(bad)).toEqual([]);
      expect(await store.readStream(other)).toHaveLength(1);
    });
  });

  describe('bytes', () => {
    it('come back exactly as they were given, whatever they are', async () => {
      const { store } = current();
      const event = fc.record({
        entry: fc.uint8Array({ maxLength: 300 }),
        // JSON on purpose: a store that parses it would give other bytes back.
        attachment: fc.option(
          fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(Buffer.from('{ "b":1, "a":1 }'))),
          { nil: undefined },
        ),
      });
      const property = fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 6 }), async (batch) => {
        const stream = newStream();
        const type = newType();
        const events = batch.map(({ entry, attachment }): EventToAppend => {
          const bare = { id: randomUUID(), type, entry };
          return attachment === undefined ? bare : { ...bare, attachment };
        });
        await store.append(stream, -1, events);
        const stored = await store.readStream(stream);
        expect(ids(stored)).toEqual(ids(events));
        for (const [n, { entry, attachment }] of events.entries()) {
          expect(bytesOf(stored[n]?.entry)).toEqual(bytesOf(entry));
          expect(bytesOf(stored[n]?.attachment)).toEqual(bytesOf(attachment));
        }
      });
      await fc.assert(property, { numRuns: 40 });
    });

    it('may be views into larger buffers, which the caller writes to again afterwards', async () => {
      const { store } = current();
      const stream = newStream();
      const pool = randomBytes(4_096);
      const wanted = Buffer.from(pool.subarray(100, 300));
      const view = pool.subarray(100, 300);
      await store.append(stream, -1, [{ ...eventOf(newType()), entry: view, attachment: view }]);
      pool.fill(0);
      const [stored] = await store.readStream(stream);
      expect(bytesOf(stored?.entry)).toEqual(wanted);
      expect(bytesOf(stored?.attachment)).toEqual(wanted);
    });
  });

  describe('limits', () => {
    it('stores an entry and an attachment of the largest size', async () => {
      const { store } = current();
      const stream = newStream();
      const entry = randomBytes(ENTRY_BYTES_MAX);
      const attachment = randomBytes(ATTACHMENT_BYTES_MAX);
      await store.append(stream, -1, [{ ...eventOf(newType()), entry, attachment }]);
      const [stored] = await store.readStream(stream);
      expect(bytesOf(stored?.entry)?.equals(entry)).toBe(true);
      expect(bytesOf(stored?.attachment)?.equals(attachment)).toBe(true);
    });

    const bare = (event: Partial<EventToAppend>): EventToAppend[] => [{ ...eventOf('Refused'), ...event }];
    const large = { attachment: Buffer.alloc(ATTACHMENT_BYTES_MAX) };
    it.each<[string, EventToAppend[]]>([
      ['an entry over the limit', bare({ entry: Buffer.alloc(ENTRY_BYTES_MAX + 1) })],
      ['an attachment over the limit', bare({ attachment: Buffer.alloc(ATTACHMENT_BYTES_MAX + 1) })],
      ['more bytes than one append may weigh', [bare(large), bare(large), bare(large), bare(large)].flat()],
      ['no event at all', []],
      ['too many events', eventsOf('Refused', EVENTS_PER_APPEND_MAX + 1)],
      ['an id that is no UUID', bare({ id: 'one' })],
      ['a type of the server itself', bare({ type: '$metadata' })],
    ])('refuses %s and writes nothing', async (_, events) => {
      const { store } = current();
      const stream = newStream();
      await expect(store.append(stream, -1, events)).rejects.toBeInstanceOf(RangeError);
      expect(await store.readStream(stream)).toEqual([]);
    });

    it('refuses stream names and revisions that no store has', async () => {
      const { store } = current();
      const batch = [eventOf(newType())];
      for (const stream of ['', '$all', 'x'.repeat(257), 'lone \ud800'])
        await expect(store.append(stream, -1, batch)).rejects.toBeInstanceOf(RangeError);
      for (const expected of [-2, 0.5, Number.NaN])
        await expect(store.append(newStream(), expected, batch)).rejects.toBeInstanceOf(RangeError);
      expect(4 * ATTACHMENT_BYTES_MAX).toBeGreaterThan(APPEND_BYTES_MAX);
    });
  });
};
