import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../event-store.js';
import { createRecentEvents } from './recent-events.js';

const at = (position: number, type = 'T', bytes = 10): StoredEvent => ({
  id: `event ${position}`,
  type,
  stream: 's',
  revision: position,
  position: BigInt(position),
  entry: new Uint8Array(bytes),
});
const positions = (events: readonly StoredEvent[] | undefined): number[] | undefined =>
  events?.map(({ position }) => Number(position));

describe('recent events', () => {
  it('give what follows a position, up to the limit, and say how far they looked', () => {
    const recent = createRecentEvents();
    recent.add([at(1), at(2), at(3)]);
    recent.add([at(4)]);
    const page = recent.since(1n, 2, undefined);
    expect(positions(page?.events)).toEqual([2, 3]);
    expect(page?.scannedTo).toBe(3n);
    expect(recent.since(4n, 2, undefined)).toEqual({ events: [], scannedTo: 4n });
  });

  it('pass over other types and count them as looked at', () => {
    const recent = createRecentEvents();
    recent.add([at(1, 'A'), at(2, 'B'), at(3, 'A'), at(4, 'B')]);
    const page = recent.since(0n, 10, new Set(['A']));
    expect(positions(page?.events)).toEqual([1, 3]);
    expect(page?.scannedTo).toBe(4n);
  });

  it('know nothing of what was committed before the store was opened', () => {
    const recent = createRecentEvents();
    recent.openedAt(7n);
    recent.add([at(8)]);
    expect(recent.since(5n, 10, undefined)).toBeUndefined();
    expect(positions(recent.since(7n, 10, undefined)?.events)).toEqual([8]);
  });

  it('ignore the answer to a retry, whose events were added long ago', () => {
    const recent = createRecentEvents();
    recent.add([at(1), at(2), at(3)]);
    recent.add([at(2)]);
    expect(positions(recent.since(0n, 10, undefined)?.events)).toEqual([1, 2, 3]);
  });

  it('leave a gap to the database: events whose outcome was unknown and which were committed after all', () => {
    const recent = createRecentEvents();
    recent.add([at(1), at(2)]);
    recent.add([at(5)]);
    expect(recent.since(2n, 10, undefined)).toBeUndefined();
    expect(positions(recent.since(4n, 10, undefined)?.events)).toEqual([5]);
    expect(recent.head()).toBe(5n);
  });

  it('drop the oldest beyond their limits of count and of bytes', () => {
    const by_count = createRecentEvents();
    by_count.add(Array.from({ length: 5_000 }, (_, n) => at(n + 1)));
    expect(by_count.since(0n, 1, undefined)).toBeUndefined();
    expect(positions(by_count.since(5_000n - 4_096n, 1, undefined)?.events)).toEqual([905]);
    const by_bytes = createRecentEvents();
    by_bytes.add(Array.from({ length: 12 }, (_, n) => at(n + 1, 'T', 1024 * 1024)));
    expect(by_bytes.since(3n, 1, undefined)).toBeUndefined();
    expect(positions(by_bytes.since(4n, 1, undefined)?.events)).toEqual([5]);
  });

  it('wake those who wait: at the next commit, at an abort, and when the database was opened further on', async () => {
    const recent = createRecentEvents();
    const never = new AbortController().signal;
    const committed = recent.next(0n, never);
    recent.add([at(1)]);
    await committed;
    const stop = new AbortController();
    const aborted = recent.next(1n, stop.signal);
    stop.abort();
    await aborted;
    const reopened = recent.next(1n, never);
    recent.openedAt(3n);
    await reopened;
    await expect(recent.next(0n, never)).resolves.toBeUndefined();
  });
});
