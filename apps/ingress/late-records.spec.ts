import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LateRecords } from './late-records.js';

const silent = pino({ level: 'silent' });

describe('a record that the ledger could not take', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is tried again until it is taken', async () => {
    const late = new LateRecords(silent, 10);
    let tries = 0;
    late.add('c', () => (++tries < 3 ? Promise.reject(new Error('away')) : Promise.resolve()));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tries).toBe(3);
  });

  it('is left to the ledger when too many wait', async () => {
    const late = new LateRecords(silent, 1);
    const tried: string[] = [];
    for (const id of ['first', 'second'])
      late.add(id, async () => {
        tried.push(id);
      });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tried).toEqual(['first']);
  });

  it('is not tried after the stop', async () => {
    const late = new LateRecords(silent, 10);
    let tries = 0;
    late.add('c', async () => {
      tries += 1;
    });
    late.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tries).toBe(0);
  });
});
