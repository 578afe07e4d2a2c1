import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { maskingReplay, REPLAY_ITEMS_MAX, type ReplayItem } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import { inOrder } from './in-order.js';
import { MaskingBatch } from './masking-batch.js';
import type { Checked, Verdict } from './report.js';
import { DIFFERENCES_LISTED_MAX, Tally } from './tally.js';

const checked = (callId: string, verdict: Verdict): Checked => ({
  callId,
  eventId: `e-${callId}`,
  what: 'decision',
  verdict,
});
const decided = (rules: readonly string[]) => ({ decision: { effect: 'allow', rules }, profileDigest: null });

describe('what a run has found', () => {
  it('counts all differences and lists the first', () => {
    const tally = new Tally(false);
    const count = DIFFERENCES_LISTED_MAX + 7;
    for (let at = 0; at < count; at++)
      tally.add(checked(`c-${at}`, { verdict: 'different', recorded: 1, replayed: 2 }));
    tally.add(checked('same', { verdict: 'identical' }));
    const { counts, different, identical, ...summary } = tally.summary('9');
    expect([counts.different, different.length, identical]).toEqual([count, DIFFERENCES_LISTED_MAX, 1]);
    expect(summary).toMatchObject({ checked: count + 1, next: '9' });
  });

  it('keeps no more groups than it may, and loses none of what it counts', () => {
    const tally = new Tally(true);
    for (let at = 0; at < 3_000; at++)
      tally.add(
        checked(`c-${at}`, { verdict: 'different', recorded: decided([`R-${at}`]), replayed: decided([]) }),
      );
    const { changes = [] } = tally.summary(null);
    expect(changes.length).toBeLessThan(1_100);
    expect(changes.reduce((sum, { count }) => sum + count, 0)).toBe(3_000);
    expect(changes[0]).toMatchObject({ from: { effect: 'others' } });
  });

  it('names the first calls of each reason', () => {
    const tally = new Tally(false);
    for (const callId of ['a', 'a', 'b', 'c', 'd', 'e', 'f', 'g'])
      tally.add(checked(callId, { verdict: 'unknown_engine', engine: 'masking-9' }));
    expect(tally.summary(null).unknown_engine).toEqual([
      { reason: 'masking-9', count: 8, calls: ['a', 'b', 'c', 'd', 'e'] },
    ]);
  });
});

describe('what is under way at once', () => {
  it('stays within its limits and comes out in order', async () => {
    let under_way = 0;
    let most = 0;
    async function* source() {
      for (let at = 0; at < 100; at++) {
        most = Math.max(most, ++under_way);
        const ms = (at * 7) % 5;
        const result = new Promise<number>((resolve) => setTimeout(() => resolve(at), ms));
        yield { bytes: at % 10 === 0 ? 100 : 1, result };
      }
    }
    const seen: number[] = [];
    for await (const at of inOrder(source(), { items_max: 8, bytes_max: 50 })) {
      under_way -= 1;
      seen.push(at);
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, at) => at));
    expect(most).toBeLessThanOrEqual(8);
  });

  it('fails with what failed, in its turn', async () => {
    async function* source() {
      yield { bytes: 1, result: Promise.resolve('first') };
      yield { bytes: 1, result: Promise.reject(new Error('second')) };
    }
    const results = inOrder(source(), { items_max: 8, bytes_max: 50 });
    expect((await results.next()).value).toBe('first');
    await expect(results.next()).rejects.toThrow('second');
  });
});

describe('questions to masking', () => {
  const item = (bytes: number): ReplayItem => ({
    do: 'open',
    payload: { sealed: new Uint8Array(bytes), commit: `sha256:${'0'.repeat(64)}` },
  });
  const masking = (fail: (request: number) => boolean = () => false) => {
    const sizes: number[] = [];
    const bus = {
      request: async (_contract: typeof maskingReplay, { items }: { items: readonly ReplayItem[] }) => {
        sizes.push(items.length);
        if (fail(sizes.length)) throw new CountersignError('masking_unavailable');
        return { items: items.map(() => ({ verdict: 'opened', bytes: new Uint8Array(1) })) };
      },
      close: async () => undefined,
    } as unknown as Bus;
    return { batch: new MaskingBatch(bus), sizes };
  };

  it('that are asked together travel together, bounded in number and bytes', async () => {
    const { batch, sizes } = masking();
    const small = Array.from({ length: REPLAY_ITEMS_MAX + 6 }, () => batch.ask(item(10)));
    await Promise.all(small);
    expect(sizes).toEqual([REPLAY_ITEMS_MAX, 6]);
    await Promise.all([item(700_000), item(700_000), item(3_000_000)].map((large) => batch.ask(large)));
    expect(sizes.slice(2)).toEqual([1, 1, 1]);
  });

  it('are asked again when masking is away for a moment, and given up when it stays away', async () => {
    const moment = masking((request) => request === 1);
    expect((await moment.batch.ask(item(1))).verdict).toBe('opened');
    const gone = masking(() => true);
    await expect(gone.batch.ask(item(1))).rejects.toMatchObject({ code: 'masking_unavailable' });
    expect(gone.sizes.length).toBe(5);
  });
});
