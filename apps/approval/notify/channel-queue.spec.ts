import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelQueue, type Worked } from './channel-queue.js';

const DONE: Worked = { outcome: 'delivered' };
const PARALLEL = 4;

let queue: ChannelQueue;
beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  queue.close();
  vi.useRealTimers();
});

/** Work whose end the test decides. */
const held = () => {
  const started: string[] = [];
  const ends = new Map<string, (worked: Worked) => void>();
  queue = new ChannelQueue({
    parallel: PARALLEL,
    work: (id) => {
      started.push(id);
      return new Promise((resolve) => ends.set(id, resolve));
    },
  });
  return {
    started,
    end: async (id: string, worked: Worked = DONE): Promise<void> => {
      ends.get(id)?.(worked);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
};
const working = (work: (id: string) => Promise<Worked>): void => {
  queue = new ChannelQueue({ parallel: PARALLEL, work });
};

describe('the queue of a channel', () => {
  it(`does ${PARALLEL} at a time, first come first served`, async () => {
    const { started, end } = held();
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) queue.add(id);
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    await end('c');
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(queue.size).toBe(5);
  });

  it('never does the same twice at once, and does again what was asked for meanwhile', async () => {
    const { started, end } = held();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(started).toEqual(['a']);
    await end('a');
    expect(started).toEqual(['a', 'a']);
    await end('a');
    expect(started).toEqual(['a', 'a']);
    expect(queue.size).toBe(0);
  });

  it('looks again when it was told to, sooner when asked, and not at what is settled', async () => {
    const { started, end } = held();
    queue.add('a');
    await end('a', { outcome: 'nothing', again: Date.now() + 60_000 });
    await vi.advanceTimersByTimeAsync(59_999);
    expect(started).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(started).toHaveLength(2);
    await end('a', { outcome: 'nothing', again: Date.now() + 60_000 });
    queue.add('a');
    expect(started).toHaveLength(3);
    await end('a', { outcome: 'nothing', again: Date.now() + 60_000 });
    queue.remove('a');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(started).toHaveLength(3);
  });

  it('costs an outage few attempts, however many wait, and then goes on at full speed', async () => {
    let isDown = true;
    let attempts = 0;
    working(async () => {
      attempts++;
      return isDown ? { outcome: 'failed', again: Date.now() + 2_000 } : DONE;
    });
    for (let count = 0; count < 1_000; count++) queue.add(`id-${count}`);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(attempts).toBeLessThan(40);
    isDown = false;
    await vi.advanceTimersByTimeAsync(61_000);
    expect(queue.size).toBe(0);
  });

  it('goes on after work that throws', async () => {
    let attempts = 0;
    working(async () => {
      attempts++;
      if (attempts === 1) throw new Error('as the test wants');
      return DONE;
    });
    queue.add('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(attempts).toBe(2);
  });

  it('does nothing once it is closed', async () => {
    const { started, end } = held();
    for (const id of ['a', 'b', 'c', 'd', 'e']) queue.add(id);
    queue.close();
    await end('a', { outcome: 'failed', again: Date.now() });
    queue.add('f');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });
});
