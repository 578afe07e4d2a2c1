import { describe, expect, it } from 'vitest';
import type { Subject } from './event-store.contract.js';
import { eventsOf, ids, newStream, newType, positionNow, readToEnd } from './event-store.samples.js';

export const readContract = (current: () => Subject): void => {
  describe('readStream', () => {
    it('gives an unknown stream as empty, in both directions', async () => {
      const { store } = current();
      expect(await store.readStream(newStream())).toEqual([]);
      expect(await store.readStream(newStream(), { backwards: true, limit: 1 })).toEqual([]);
    });

    it('reads oldest first, newest first when asked, and no more than the limit', async () => {
      const { store } = current();
      const stream = newStream();
      const events = eventsOf(newType(), 5);
      await store.append(stream, -1, events);
      const newest_first = ids(events).reverse();
      expect(ids(await store.readStream(stream))).toEqual(ids(events));
      expect(ids(await store.readStream(stream, { limit: 2 }))).toEqual(ids(events).slice(0, 2));
      expect(ids(await store.readStream(stream, { backwards: true }))).toEqual(newest_first);
      expect(ids(await store.readStream(stream, { backwards: true, limit: 2 }))).toEqual(
        newest_first.slice(0, 2),
      );
    });

    it('gives every event with its stream, type, revision and position', async () => {
      const { store } = current();
      const stream = newStream();
      const type = newType();
      const { position } = await store.append(stream, -1, eventsOf(type, 1));
      expect(await store.readStream(stream)).toEqual([
        expect.objectContaining({ stream, type, revision: 0, position }),
      ]);
    });

    it('sees an append as soon as it is answered', async () => {
      const { store } = current();
      for (let round = 0; round < 20; round++) {
        const stream = newStream();
        await store.append(stream, -1, eventsOf(newType(), 1));
        expect(await store.readStream(stream)).toHaveLength(1);
      }
    });
  });

  describe('readAll', () => {
    it('gives all streams in the order of their positions, page by page, without gap or repetition', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const type = newType();
      const batches = Array.from({ length: 12 }, () => eventsOf(type, 3));
      for (const batch of batches) await store.append(newStream(), -1, batch);
      const all = await readToEnd(store, { after, limit: 5 });
      const own = all.filter((event) => event.type === type);
      expect(ids(own)).toEqual(batches.flatMap(ids));
      const positions = all.map(({ position }) => position);
      expect(positions.every((position, n) => position > (positions[n - 1] ?? after))).toBe(true);
    });

    it('gives only the types asked for, in order, and passes over the rest', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const [wanted, also_wanted, other] = [newType(), newType(), newType()];
      const batches = Array.from({ length: 8 }, () => [
        ...eventsOf(other, 2),
        ...eventsOf(wanted, 1),
        ...eventsOf(also_wanted, 1),
      ]);
      for (const batch of batches) await store.append(newStream(), -1, batch);
      const types = [also_wanted, wanted, wanted];
      const read = await readToEnd(store, { after, limit: 3, types });
      expect(ids(read)).toEqual(batches.flatMap((batch) => ids(batch.slice(2))));
    });

    it('says how far it looked, so that types which never come are not searched for again', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const { position } = await store.append(newStream(), -1, eventsOf(newType(), 4));
      const page = await store.readAll({ after, limit: 10, types: [newType()] });
      expect(page.events).toEqual([]);
      expect(page.scannedTo).toBeGreaterThanOrEqual(position);
    });

    it('does not take one type for another that begins alike', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const type = newType();
      await store.append(newStream(), -1, [...eventsOf(`${type}Again`, 1), ...eventsOf(`Not${type}`, 1)]);
      expect(await readToEnd(store, { after, limit: 10, types: [type] })).toEqual([]);
    });

    it('gives an empty page at the end of the log and stays there', async () => {
      const { store } = current();
      const after = await positionNow(store);
      const page = await store.readAll({ after, limit: 10 });
      expect(page).toEqual({ events: [], scannedTo: after });
    });

    it('refuses a limit that is none', async () => {
      const { store } = current();
      for (const limit of [0, -1, 1.5])
        await expect(store.readAll({ limit })).rejects.toBeInstanceOf(RangeError);
    });
  });
};
