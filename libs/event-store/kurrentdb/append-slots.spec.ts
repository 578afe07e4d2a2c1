import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../event-store.js';
import { createAppendSlots } from './append-slots.js';

const LONG_MS = 10_000;

describe('append slots', () => {
  it('admit no more than the limit, and the rest in the order they came', async () => {
    const slots = createAppendSlots(3);
    const admitted: string[] = [];
    const take = async (name: string, weight: number): Promise<() => void> => {
      const release = await slots.take(weight, LONG_MS);
      admitted.push(name);
      return release;
    };
    const first = await take('first', 2);
    const large = take('large', 2);
    const small = take('small', 1);
    await new Promise((resolve) => setImmediate(resolve));
    // A small one that would fit does not overtake: large appends must not starve.
    expect(admitted).toEqual(['first']);
    first();
    const releases = await Promise.all([large, small]);
    expect(admitted).toEqual(['first', 'large', 'small']);
    for (const release of releases) release();
    expect(slots.used()).toBe(0);
  });

  it('take a slot back only once', async () => {
    const slots = createAppendSlots(2);
    const release = await slots.take(1, LONG_MS);
    await slots.take(1, LONG_MS);
    release();
    release();
    expect(slots.used()).toBe(1);
  });

  it('let what is larger than all of them pass alone', async () => {
    const slots = createAppendSlots(2);
    const release = await slots.take(9, LONG_MS);
    expect(slots.used()).toBe(2);
    release();
    expect(slots.used()).toBe(0);
  });

  it('give up after the deadline, with nothing sent, and forget who gave up', async () => {
    const slots = createAppendSlots(1);
    const release = await slots.take(1, LONG_MS);
    await expect(slots.take(1, 5)).rejects.toBeInstanceOf(StoreUnavailable);
    release();
    expect(slots.used()).toBe(0);
  });
});
