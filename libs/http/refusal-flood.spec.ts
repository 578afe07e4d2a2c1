import { describe, expect, it, vi } from 'vitest';
import { Answers } from '#bus/answers.js';
import { InProcessTransport, inProcessBus } from '#bus/in-process/in-process-bus.js';
import { ledgerAppend } from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import type { AppendCommand } from '#core/evidence/build-append.js';
import type { Caller } from '#identity/caller.js';
import { flushRefusals, type Refusal, recordRefusal } from './record-refusal.js';
import { createRefusalFlood, RECORDED_PER_S_MAX } from './refusal-flood.js';

type Recorded = {
  readonly code: string;
  readonly where: string;
  readonly about: { readonly count?: number };
};

/** Keeps what is appended, once a stream; can be away, or record without answering. */
class SmallLedger {
  mode: 'up' | 'away' | 'mute' = 'up';
  readonly streams = new Map<string, Recorded>();

  @Answers(ledgerAppend)
  append({ stream, events }: AppendCommand) {
    if (this.mode === 'away') throw new CountersignError('ledger_unavailable');
    if (this.streams.has(stream)) throw new CountersignError('revision_conflict');
    for (const { entry } of events) this.streams.set(stream, JSON.parse(Buffer.from(entry).toString()).data);
    if (this.mode === 'mute') throw new CountersignError('ledger_unavailable');
    return { stream, revision: 0, position: '0' };
  }

  events = (): readonly Recorded[] => [...this.streams.values()];
  total = (): number => this.events().reduce((sum, { about }) => sum + (about.count ?? 1), 0);
}

const start = () => {
  const ledger = new SmallLedger();
  const transport = new InProcessTransport(() => undefined);
  transport.addHandler(ledgerAppend.subject, async (command: AppendCommand) => ledger.append(command));
  return { bus: inProcessBus(transport), ledger };
};
const refusal: Refusal = { code: 'token_invalid', where: 'mcp', about: { method: null } };
const CALLER = { principal: 'a', issuer: 'i', subject: 's', clientId: 'c' } as Caller;

describe('refusals without a caller', () => {
  it('are recorded one by one up to the limit of a second, then counted exactly in one event', async () => {
    const { bus, ledger } = start();
    for (let i = 0; i < 5_000; i++) await recordRefusal(bus, 'instance-1', refusal);
    await flushRefusals(bus);
    expect(ledger.total()).toBe(5_000);
    const counts = ledger.events().filter(({ about }) => about.count !== undefined);
    expect(counts.length).toBeGreaterThan(0);
    expect(ledger.events().length).toBeLessThan(500);
    expect(counts[0]).toMatchObject({ code: 'token_invalid', where: 'mcp' });
  });

  it('are recorded about a second later without anybody asking', async () => {
    const { bus, ledger } = start();
    for (let i = 0; i < 50; i++) await recordRefusal(bus, 'instance-1', refusal);
    expect(ledger.total()).toBeLessThan(50);
    await vi.waitFor(() => expect(ledger.total()).toBe(50), { timeout: 30_000 });
  });

  it.each(['away', 'mute'] as const)(
    'keep their exact count when the ledger is "%s" for a while',
    async (mode) => {
      const { bus, ledger } = start();
      const refuse = async () => {
        for (let i = 0; i < 50; i++) await recordRefusal(bus, 'instance-1', refusal).catch(() => undefined);
      };
      await refuse();
      ledger.mode = mode;
      await flushRefusals(bus);
      ledger.mode = 'up';
      await flushRefusals(bus);
      await flushRefusals(bus);
      expect(ledger.total()).toBe(50);
    },
  );

  it('that come slowly have each an event of their own', () => {
    const flood = createRefusalFlood();
    const admitted = Array.from({ length: 100 }, (_, i) =>
      flood.admit('token_invalid', 'mcp', (i * 1_000) / RECORDED_PER_S_MAX),
    );
    expect(admitted.every(Boolean)).toBe(true);
  });

  it('are counted by code and door: a flood of one hides none of another', () => {
    const flood = createRefusalFlood();
    for (let i = 0; i < 100; i++) flood.admit('token_invalid', 'mcp', 0);
    expect(flood.admit('token_missing', 'mcp', 0)).toBe(true);
    expect(flood.admit('token_invalid', 'rest', 0)).toBe(true);
    expect(flood.take()).toEqual([
      {
        code: 'token_invalid',
        where: 'mcp',
        count: 100 - RECORDED_PER_S_MAX,
        from: new Date(0).toISOString(),
        until: new Date(0).toISOString(),
      },
    ]);
    expect(flood.take()).toEqual([]);
  });
});

describe('refusals of a known caller', () => {
  it('have each an event of their own, however many', async () => {
    const { bus, ledger } = start();
    for (let i = 0; i < 50; i++) await recordRefusal(bus, 'instance-1', { ...refusal, caller: CALLER });
    expect(ledger.events()).toHaveLength(50);
  });
});
