import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import type { WireEvent } from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import type { Bus } from './bus.js';
import { type FollowOptions, LogFollower } from './log-follower.js';

interface Asked {
  readonly after?: string;
  readonly limit: number;
  readonly types: readonly string[];
  readonly wait_ms: number;
}

/** A ledger whose log is in the test's hands. */
const start = (options: Partial<FollowOptions> = {}) => {
  const log: string[] = [];
  const asked: Asked[] = [];
  const seen: string[] = [];
  const ledger: { away: boolean; slow?: Promise<void> | undefined } = { away: false };
  const answer = async (request: Asked) => {
    asked.push(request);
    if (ledger.away) throw new CountersignError('ledger_unavailable');
    const from = Number(request.after ?? 0);
    const events = log.slice(from, from + request.limit).map((id) => ({ id }) as WireEvent);
    const { slow } = ledger;
    ledger.slow = undefined;
    await slow;
    return { events, scannedTo: String(from + events.length) };
  };
  const bus = { request: (_contract: unknown, request: Asked) => answer(request), close: async () => {} };
  const follower = new LogFollower(bus as unknown as Bus, pino({ level: 'silent' }), {
    types: ['Happened'],
    page: 2,
    wait_ms: 0,
    pause_ms: 20,
    onEvents: (events) => void seen.push(...events.map(({ id }) => id)),
    ...options,
  });
  return { log, asked, seen, ledger, follower };
};

const passes = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a follower of the log', () => {
  it('hands over the past page by page, then what is new, each event once', async () => {
    const { log, asked, seen, follower } = start();
    log.push('a', 'b', 'c');
    follower.start();
    expect(follower.isCaughtUp).toBe(false);
    await follower.caughtUp;
    expect(follower.isCaughtUp).toBe(true);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(asked.map(({ after }) => after)).toEqual([undefined, '2', '3']);
    log.push('d');
    await expect.poll(() => seen).toEqual(['a', 'b', 'c', 'd']);
    await follower.stop();
  });

  it('waits for nothing while it reads the past, and at the ledger afterwards', async () => {
    const { asked, follower } = start({ wait_ms: 500 });
    follower.start();
    await follower.caughtUp;
    await expect.poll(() => asked.length).toBeGreaterThan(2);
    expect(asked.slice(0, 3).map(({ wait_ms }) => wait_ms)).toEqual([0, 500, 500]);
    await follower.stop();
  });

  it('asks again while the ledger is away, and is caught up only when it has answered', async () => {
    const { log, asked, seen, ledger, follower } = start();
    log.push('a');
    ledger.away = true;
    follower.start();
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    expect(follower.isCaughtUp).toBe(false);
    ledger.away = false;
    await follower.caughtUp;
    expect(seen).toEqual(['a']);
    await follower.stop();
  });

  it('reads a page again when its handling has failed', async () => {
    let failures = 1;
    const seen: string[] = [];
    const { log, follower } = start({
      onEvents: (events) => {
        if (failures-- > 0) throw new Error('not now');
        seen.push(...events.map(({ id }) => id));
      },
    });
    log.push('a');
    follower.start();
    await follower.caughtUp;
    expect(seen).toEqual(['a']);
    await follower.stop();
  });

  it('says once that the past is read, and reads on when that is dealt with', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onCaughtUp = vi.fn(() => promise);
    const { log, seen, follower } = start({ onCaughtUp });
    follower.start();
    await follower.caughtUp;
    log.push('a');
    await passes(100);
    expect(seen).toEqual([]);
    resolve();
    await expect.poll(() => seen).toEqual(['a']);
    await passes(100);
    expect(onCaughtUp).toHaveBeenCalledOnce();
    await follower.stop();
  });

  it('reads to the end at once when asked, and hands over nothing twice', async () => {
    const { log, seen, follower } = start({ pause_ms: 60_000 });
    follower.start();
    await follower.caughtUp;
    log.push('a', 'b', 'c');
    await Promise.all([follower.catchUp(), follower.catchUp()]);
    expect(seen).toEqual(['a', 'b', 'c']);
    await follower.stop();
  });

  it('reads once more for who asks while it reads: the answer on its way may be from before', async () => {
    const { log, seen, ledger, follower } = start({ pause_ms: 0 });
    follower.start();
    await follower.caughtUp;
    const { promise, resolve } = Promise.withResolvers<void>();
    ledger.slow = promise;
    await expect.poll(() => ledger.slow === undefined).toBe(true);
    log.push('a');
    const asked = follower.catchUp();
    resolve();
    await asked;
    expect(seen).toEqual(['a']);
    await follower.stop();
  });

  it('reads nothing after the stop', async () => {
    const { asked, follower } = start();
    follower.start();
    await follower.caughtUp;
    await follower.stop();
    const before = asked.length;
    await passes(100);
    expect(asked).toHaveLength(before);
  });

  it('stops without waiting for the next look', async () => {
    const { follower } = start({ pause_ms: 60_000 });
    follower.start();
    await follower.caughtUp;
    await follower.stop();
  });
});
