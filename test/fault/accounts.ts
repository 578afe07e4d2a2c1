import { expect } from 'vitest';
import type { CoreBanking } from '../../apps/demo-bank/core-banking/core-banking.js';
import { examiner, type LedgerEntry } from '../e2e/support/rest.js';
import type { System } from '../e2e/support/system.js';
import { waitUntil } from '../e2e/support/wait-until.js';
import type { Sent } from './writers.js';

/** One request as the upstream saw it. */
interface Reached {
  readonly callId: string;
  readonly marker: string;
}

const ENDS = ['CallDenied', 'CallCancelled', 'CallCompleted', 'CallFailed', 'CallOutcomeUnknown'];
/** Promise G4. */
const CLOSED_MS_MAX = 60_000;
const TRANSCRIPTS_MAX = 200;

const reachedOf = (bank: CoreBanking): readonly Reached[] =>
  bank.stats().log.map(({ body, arguments: input }) => {
    const { params } = JSON.parse(body ?? '') as { params: { _meta: { progressToken: string } } };
    const { fields } = input as { fields: { notes: string } };
    return { callId: params._meta.progressToken, marker: fields.notes };
  });

const byCall = (entries: readonly LedgerEntry[]): ReadonlyMap<string, readonly LedgerEntry[]> => {
  const calls = Map.groupBy(
    entries.filter(({ stream }) => stream.startsWith('call-')),
    ({ stream }) => stream.slice('call-'.length),
  );
  return calls;
};

const has = (events: readonly LedgerEntry[] | undefined, type: string): boolean =>
  events?.some((event) => event.type === type) ?? false;

export interface Account {
  readonly calls: number;
  readonly reached: number;
  readonly unknown: number;
  readonly released: number;
}

/**
 * Compares three accounts of the same calls: the upstream's, the senders' and the ledger's. Called right after the last
 * restart: every call must come to its end within the promised time.
 */
export const checkAccounts = async (
  system: System,
  bank: CoreBanking,
  sent: readonly Sent[],
): Promise<Account> => {
  const ledger = await examiner(system);
  const calls = await waitUntil(
    'every forwarded call has its end',
    async () => {
      const found = byCall(await ledger.events());
      const open = [...found.values()].some(
        (events) => has(events, 'ForwardIntended') && !ENDS.includes(events.at(-1)?.type ?? ''),
      );
      return open ? undefined : found;
    },
    CLOSED_MS_MAX,
  );
  const reached = reachedOf(bank);

  // (a) Every request at the upstream has its intent, and the intent commits to the very request.
  const withoutIntent = reached.filter(({ callId }) => !has(calls.get(callId), 'ForwardIntended'));
  expect(withoutIntent).toEqual([]);
  for (const { callId } of reached) {
    const [requested, ...others] = calls.get(callId) ?? [];
    const intended = others.find(({ type }) => type === 'ForwardIntended');
    expect(intended?.data['request']).toBe(requested?.payload?.commit);
  }
  const sample = reached.filter((_, index) => index % Math.ceil(reached.length / TRANSCRIPTS_MAX) === 0);
  for (const { callId, marker } of sample) {
    const { request } = await ledger.transcript(callId);
    expect(request.arguments).toEqual({ customer_id: 'C-1001', fields: { notes: marker } });
  }

  // (b) Nothing reached the upstream twice.
  expect(new Set(reached.map(({ callId }) => callId)).size).toBe(reached.length);
  expect(new Set(reached.map(({ marker }) => marker)).size).toBe(reached.length);

  // (c) A call has one intent and one end at most.
  for (const [callId, events] of calls) {
    expect(events.filter(({ type }) => type === 'ForwardIntended').length, callId).toBeLessThanOrEqual(1);
    expect(events.filter(({ type }) => ENDS.includes(type)).length, callId).toBeLessThanOrEqual(1);
  }

  // (d) What a client received is on record as completed.
  const released = sent.filter(({ came }) => came === 'released');
  const callOf = new Map(reached.map(({ marker, callId }) => [marker, callId]));
  const notOnRecord = released.filter(
    ({ marker }) => !has(calls.get(callOf.get(marker) ?? ''), 'CallCompleted'),
  );
  expect(notOnRecord).toEqual([]);

  // (e) And all of it replays.
  const { checked, different } = await ledger.replay();
  expect(checked).toBeGreaterThan(0);
  expect(different).toEqual([]);
  const unknown = [...calls.values()].filter((events) => has(events, 'CallOutcomeUnknown')).length;
  return { calls: calls.size, reached: reached.length, unknown, released: released.length };
};
