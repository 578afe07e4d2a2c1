import { describe, expect, it } from 'vitest';
import { StoreUnavailable, UnknownOutcome } from '#event-store/event-store.js';
import type { Subject } from './event-store.contract.js';
import type { AppendFault } from './event-store.fixture.js';
import { eventOf, eventsOf, ids, newStream, newType, untilAnswered } from './event-store.samples.js';

export const recoveryContract = (current: () => Subject): void => {
  describe('unknown outcome', () => {
    it.for<[AppendFault, number]>([
      ['lost', 0],
      ['persisted', 3],
    ])('of an append that was %s: a retry leaves exactly one copy', async ([fault, kept], context) => {
      const { store, fixture } = current();
      if (!fixture.failNextAppend) return context.skip('this store cannot be made to fail from here');
      for (let round = 0; round < 2; round++) {
        const stream = newStream();
        const batch = eventsOf(newType(), 3);
        await fixture.failNextAppend(fault);
        await expect(store.append(stream, -1, batch)).rejects.toBeInstanceOf(UnknownOutcome);
        const found = await untilAnswered(() => store.readStream(stream));
        expect(found).toHaveLength(kept);
        const retried = await untilAnswered(() => store.append(stream, -1, batch));
        expect(retried.revision).toBe(2);
        const stored = await store.readStream(stream);
        expect(ids(stored)).toEqual(ids(batch));
        expect(stored[2]?.position).toBe(retried.position);
      }
    });

    it('lets a subscription see the events that were persisted, once and in order', async (context) => {
      const { store, fixture } = current();
      if (!fixture.failNextAppend) return context.skip('this store cannot be made to fail from here');
      const type = newType();
      const stop = new AbortController();
      const seen: string[] = [];
      const { position } = await store.append(newStream(), -1, [eventOf(type)]);
      const reading = (async () => {
        for await (const event of store.subscribe({ after: position, types: [type], signal: stop.signal })) {
          seen.push(event.id);
          if (seen.length === 4) stop.abort();
        }
      })();
      const persisted = eventsOf(type, 2);
      const afterwards = eventsOf(type, 2);
      await fixture.failNextAppend('persisted');
      await expect(store.append(newStream(), -1, persisted)).rejects.toBeInstanceOf(UnknownOutcome);
      const stream = newStream();
      await untilAnswered(() => store.append(stream, -1, afterwards));
      await reading;
      expect(seen).toEqual([...ids(persisted), ...ids(afterwards)]);
    });
  });

  describe('opening and closing', () => {
    it('answers a ping while it can take an append', async () => {
      await expect(current().store.ping()).resolves.toBeUndefined();
    });

    it('finds everything again when it is opened anew, and refuses everything once closed', async () => {
      const { fixture, store } = current();
      const stream = newStream();
      const batch = eventsOf(newType(), 3);
      const first = await store.append(stream, -1, batch);
      await store.close();
      await expect(store.append(stream, 2, [eventOf(newType())])).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.readStream(stream)).rejects.toBeInstanceOf(StoreUnavailable);
      const again = await fixture.open();
      try {
        expect(ids(await again.readStream(stream))).toEqual(ids(batch));
        expect(await again.append(stream, -1, batch)).toEqual(first);
        const next = await again.append(stream, 2, [eventOf(newType())]);
        expect(next.position).toBeGreaterThan(first.position);
      } finally {
        await again.close();
      }
    });
  });
};
