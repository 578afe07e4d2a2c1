import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '#event-store/event-store.js';
import type { Subject } from './event-store.contract.js';
import {
  eventsOf,
  ids,
  newStream,
  newType,
  positionNow,
  takeFromSubscription,
  untilAnswered,
} from './event-store.samples.js';

export const subscribeContract = (current: () => Subject): void => {
  describe('subscribe', () => {
    it('gives what is there, says that it caught up, then gives what comes', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const type = newType();
      const before = eventsOf(type, 5);
      const later = eventsOf(type, 5);
      await store.append(newStream(), -1, before);
      const caught_up = Promise.withResolvers<void>();
      const taken = takeFromSubscription(store, 10, { after, onCaughtUp: caught_up.resolve });
      await caught_up.promise;
      await store.append(newStream(), -1, later);
      expect(ids(await taken)).toEqual([...ids(before), ...ids(later)]);
    });

    it('gives only the types asked for', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const [wanted, other] = [newType(), newType()];
      const taken = takeFromSubscription(store, 3, { after, types: [wanted] });
      await store.append(newStream(), -1, [...eventsOf(other, 2), ...eventsOf(wanted, 2)]);
      await store.append(newStream(), -1, [...eventsOf(`${wanted}More`, 1), ...eventsOf(wanted, 1)]);
      expect((await taken).map(({ type }) => type)).toEqual([wanted, wanted, wanted]);
    });

    it('misses nothing and repeats nothing when its reader stops and starts again while others write', async () => {
      const { store } = current();
      const type = newType();
      let after = await positionNow(store);
      const rounds = 25;
      const writing = (async () => {
        for (let n = 0; n < rounds; n++)
          await Promise.all([1, 2, 3, 4].map(() => store.append(newStream(), -1, eventsOf(type, 2))));
      })();
      const seen: StoredEvent[] = [];
      while (seen.length < rounds * 8) {
        const some = await takeFromSubscription(store, Math.min(17, rounds * 8 - seen.length), { after });
        seen.push(...some);
        after = some.at(-1)?.position ?? after;
      }
      await writing;
      expect(new Set(ids(seen)).size).toBe(rounds * 8);
      const positions = seen.map(({ position }) => position);
      expect(positions.every((position, n) => n === 0 || position > (positions[n - 1] ?? 0n))).toBe(true);
    });

    it('waits for a slow reader and then gives it everything', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const type = newType();
      const stop = new AbortController();
      const seen: string[] = [];
      const subscription = store.subscribe({ after, signal: stop.signal })[Symbol.asyncIterator]();
      const first = subscription.next();
      const batches = Array.from({ length: 40 }, () => eventsOf(type, 25));
      for (const batch of batches) await store.append(newStream(), -1, batch);
      seen.push((await first).value.id);
      while (seen.length < 1_000) seen.push((await subscription.next()).value.id);
      stop.abort();
      expect((await subscription.next()).done).toBe(true);
      expect(seen).toEqual(batches.flatMap(ids));
    });

    it('ends when it is aborted while it waits', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const stop = new AbortController();
      const ended = (async () => {
        for await (const event of store.subscribe({ after, signal: stop.signal, types: [newType()] }))
          return event;
        return 'ended';
      })();
      setTimeout(() => stop.abort(), 20);
      expect(await ended).toBe('ended');
    });

    it('misses nothing and repeats nothing across a restart of the store', async (context) => {
      const { store, fixture } = current();
      const { restart } = fixture;
      if (!restart) return context.skip('this store cannot be restarted from here');
      const after = await positionNow(store);
      const type = newType();
      const before = eventsOf(type, 3);
      const between = eventsOf(type, 3);
      const afterwards = eventsOf(type, 3);
      const caught_up = Promise.withResolvers<void>();
      const taken = takeFromSubscription(store, 9, { after, types: [type], onCaughtUp: caught_up.resolve });
      await store.append(newStream(), -1, before);
      await caught_up.promise;
      await restart();
      const [second, third] = [newStream(), newStream()];
      await untilAnswered(() => store.append(second, -1, between));
      await restart();
      await untilAnswered(() => store.append(third, -1, afterwards));
      expect(ids(await taken)).toEqual([before, between, afterwards].flatMap(ids));
    });
  });
};
