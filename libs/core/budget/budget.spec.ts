import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Budget, BudgetUse } from './budget.js';
import { SlidingWindow } from './sliding-window.js';

const MINUTE = 60_000;

describe('a sliding window', () => {
  it('forgets after its span and at most a sixtieth more', () => {
    const window = new SlidingWindow(MINUTE);
    window.add(500, 2);
    expect(window.total(500 + MINUTE)).toBe(2);
    expect(window.total(500 + MINUTE + 1_000)).toBe(0);
  });
  it('never counts less than a log of everything, and never anything older than 61 sixtieths', () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 20_000 }), amount: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const window = new SlidingWindow(MINUTE);
        const log: { at: number; amount: number }[] = [];
        let now = 0;
        for (const { wait, amount } of steps) {
          now += wait;
          window.add(now, amount);
          log.push({ at: now, amount });
          const since = (span: number) =>
            log.filter(({ at }) => now - at < span).reduce((sum, entry) => sum + entry.amount, 0);
          expect(window.total(now)).toBeGreaterThanOrEqual(since(MINUTE));
          expect(window.total(now)).toBeLessThanOrEqual(since(MINUTE + 1_001));
        }
      }),
    );
  });
  it('says exactly when it is below a limit again', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1 }), (waits) => {
        const window = new SlidingWindow(MINUTE);
        let now = 0;
        for (const wait of waits) {
          now += wait;
          window.add(now, 1);
        }
        const max = Math.max(1, Math.floor(waits.length / 2));
        const wait_ms = window.belowIn(now, max);
        if (wait_ms > 0) expect(window.total(now + wait_ms - 1)).toBeGreaterThanOrEqual(max);
        expect(window.total(now + wait_ms)).toBeLessThan(max);
      }),
    );
  });
});

describe('a budget', () => {
  const use = (budget: Budget) => {
    const used = new BudgetUse();
    return {
      used,
      ask: (now = 0, bytes = 1) => used.exhausted(budget, now, bytes),
      call: (now = 0, bytes = 1) => {
        used.begin(now, bytes);
        used.end(now);
      },
    };
  };

  it('of calls a minute lets so many in, and says when the next may come', () => {
    const { ask, call } = use({ calls_per_minute: 2 });
    call(0);
    call(30_000);
    expect(ask(31_000)).toEqual({ limit: 'calls_per_minute', retryAfter_ms: 30_000 });
    expect(ask(61_000)).toBeUndefined();
  });
  it('of calls an hour counts longer than a minute', () => {
    const { ask, call } = use({ calls_per_hour: 1, calls_per_minute: 10 });
    call(0);
    expect(ask(2 * MINUTE)?.limit).toBe('calls_per_hour');
    expect(ask(61 * MINUTE)).toBeUndefined();
  });
  it('of calls of a session is used up for good', () => {
    const { ask, call } = use({ calls: 1 });
    call(0);
    expect(ask(1_000 * MINUTE)).toEqual({ limit: 'calls', retryAfter_ms: null });
  });
  it('of concurrent calls is free again when one ends', () => {
    const { ask, used } = use({ concurrent_calls: 1 });
    used.begin(0, 1);
    expect(ask()?.limit).toBe('concurrent_calls');
    used.end(0);
    expect(ask()).toBeUndefined();
  });
  it('of argument bytes refuses the call that is too large, and not the one that is as large as allowed', () => {
    const { ask } = use({ argument_bytes: 10 });
    expect(ask(0, 11)).toEqual({ limit: 'argument_bytes', retryAfter_ms: null });
    expect(ask(0, 10)).toBeUndefined();
  });
  it('of argument bytes an hour adds up', () => {
    const { ask, call } = use({ argument_bytes_per_hour: 10 });
    call(0, 6);
    expect(ask(0, 4)).toBeUndefined();
    expect(ask(0, 5)?.limit).toBe('argument_bytes_per_hour');
    expect(ask(0, 11)).toEqual({ limit: 'argument_bytes_per_hour', retryAfter_ms: null });
  });
  it('of result bytes refuses the calls after it is used up', () => {
    const { ask, used } = use({ result_bytes_per_hour: 100 });
    used.result(0, 99);
    expect(ask()).toBeUndefined();
    used.result(0, 50);
    expect(ask(0)?.limit).toBe('result_bytes_per_hour');
    expect(ask(61 * MINUTE)).toBeUndefined();
  });
  it('without limits refuses nothing', () => {
    const { ask, call } = use({});
    for (let calls = 0; calls < 1_000; calls++) call(0, 1_000_000);
    expect(ask(0, 1_000_000_000)).toBeUndefined();
  });
});
