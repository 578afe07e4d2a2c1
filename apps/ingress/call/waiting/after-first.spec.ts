import { describe, expect, it } from 'vitest';
import { afterFirst } from './after-first.js';

const started = () => {
  const steps: string[] = [];
  const act =
    (name: string, gate: Promise<unknown> = Promise.resolve()) =>
    async () => {
      steps.push(`${name} begins`);
      await gate;
      steps.push(`${name} ends`);
      return name;
    };
  return { steps, act };
};

describe('of what comes at the same moment', () => {
  it('the first runs at once, all others after it, and each gets its own answer', async () => {
    const { steps, act } = started();
    const owner = {};
    const gate = Promise.withResolvers<void>();
    const all = [
      afterFirst(owner, 'k', act('one', gate.promise)),
      afterFirst(owner, 'k', act('two')),
      afterFirst(owner, 'k', act('three')),
    ];
    expect(await afterFirst(owner, 'other', act('four'))).toBe('four');
    expect(await afterFirst({}, 'k', act('five'))).toBe('five');
    gate.resolve();
    expect(await Promise.all(all)).toEqual(['one', 'two', 'three']);
    expect(steps.indexOf('four ends')).toBeLessThan(steps.indexOf('one ends'));
    expect(steps.indexOf('five ends')).toBeLessThan(steps.indexOf('one ends'));
    expect(steps.indexOf('two begins')).toBeGreaterThan(steps.indexOf('one ends'));
    expect(steps.indexOf('three begins')).toBeGreaterThan(steps.indexOf('one ends'));
  });

  it('others go on where the first fails, and what comes later is first again', async () => {
    const { act } = started();
    const owner = {};
    const first = afterFirst(owner, 'k', () => Promise.reject(new Error('away')));
    const second = afterFirst(owner, 'k', act('two'));
    await expect(first).rejects.toThrow('away');
    expect(await second).toBe('two');
    expect(await afterFirst(owner, 'k', act('three'))).toBe('three');
  });
});
