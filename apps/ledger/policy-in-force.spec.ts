import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { ACTIVATION_STREAM } from '#core/policy/policy.events.js';
import type { EventStore } from '#event-store/event-store.js';
import { APPROVED } from './approval.fixture.js';
import { type History, openHistory, type Sketch } from './history.fixture.js';
import { Ledger } from './ledger.js';

const EXPIRES = '2026-11-22T13:00:00.000Z';
const [FIRST, SECOND] = ['sha256:p', 'sha256:q'];
const { asked, ended, granted, held, requested, voted } = APPROVED;

let history: History;
let ledger: Ledger;
beforeEach(async () => {
  history = await openHistory();
  ledger = new Ledger(history.store);
});
afterEach(() => history.close());

const decided = (policyDigest: string, effect = 'allow'): Sketch => ({
  type: 'CallDecided',
  data: { decision: { effect }, policyDigest, profileDigest: null },
});
const intended = (approvalId: string | null = null): Sketch => ({
  type: 'ForwardIntended',
  data: { instance: 'i-1', deadline_ms: 1_000, approvalId, server: 's' },
});
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'stored',
    (error: unknown) => (error instanceof CountersignError ? error.code : String(error)),
  );
const first = (...events: readonly Sketch[]) => history.append(`call-${randomUUID()}`, -1, ...events);
const forward = (policyDigest: string, by = ledger) =>
  codeOf(by.append(first(requested, decided(policyDigest), intended())));
const hold = (policyDigest: string, id: string) =>
  codeOf(ledger.append(first(requested, decided(policyDigest, 'approval'), held(id))));
/** As a policy service does it, through this ledger. */
const activate = async (digest: string, revision: number): Promise<void> => {
  const data = { by: 'file', digest, instance: 'i' };
  await ledger.append(history.append(ACTIVATION_STREAM, revision, { type: 'PolicyActivated', data }));
};

describe('by the word of a policy the ledger lets', () => {
  it('nothing happen before one is active', async () => {
    expect(await forward(FIRST)).toBe('policy_stale');
  });

  it('calls be forwarded and held while it is the active one, and not any more', async () => {
    await activate(FIRST, -1);
    expect(await forward(FIRST)).toBe('stored');
    expect(await hold(FIRST, randomUUID())).toBe('stored');
    expect(await forward(SECOND)).toBe('policy_stale');
    await activate(SECOND, 0);
    expect(await forward(FIRST)).toBe('policy_stale');
    expect(await hold(FIRST, randomUUID())).toBe('policy_stale');
    expect(await forward(SECOND)).toBe('stored');
  });

  it('calls be denied also when another one is active: each refusal is on record', async () => {
    await activate(SECOND, -1);
    const denied: Sketch = { type: 'CallDenied', data: { code: 'call_denied', reason: '' } };
    expect(await codeOf(ledger.append(first(requested, decided(FIRST, 'deny'), denied)))).toBe('stored');
  });

  it('no approved call run that was decided again by another one, and keeps it held', async () => {
    await activate(FIRST, -1);
    const id = randomUUID();
    const call = first(requested, decided(FIRST, 'approval'), held(id));
    await ledger.append(call);
    const callId = call.stream.slice('call-'.length);
    await ledger.append(history.append(`approval-${id}`, -1, asked(callId, EXPIRES), voted(), granted));
    await activate(SECOND, 0);
    const release = (digest: string) =>
      codeOf(
        ledger.append(history.append(call.stream, 2, decided(digest, 'approval'), ended(id), intended(id))),
      );
    expect(await release(FIRST)).toBe('policy_stale');
    await activate(FIRST, 1);
    expect(await release(FIRST)).toBe('stored');
  });

  it('nothing happen when its decision was recorded before', async () => {
    await activate(FIRST, -1);
    const call = first(requested, decided(FIRST));
    await ledger.append(call);
    expect(await codeOf(ledger.append(history.append(call.stream, 1, intended())))).toBe('policy_stale');
  });

  it('nothing happen while the last activation is one that it cannot read', async () => {
    await activate(FIRST, -1);
    await history.record(ACTIVATION_STREAM, 0, { type: 'PolicyActivated', v: 9, data: { digest: FIRST } });
    expect(await forward(FIRST, new Ledger(history.store))).toBe('policy_stale');
  });
});

describe('what another ledger has activated', () => {
  it('is known to this one as soon as a policy decides by it', async () => {
    await activate(FIRST, -1);
    expect(await forward(FIRST)).toBe('stored');
    await history.activate(SECOND);
    expect(await forward(SECOND)).toBe('stored');
    expect(await forward(FIRST)).toBe('policy_stale');
  });

  it('ends what was active before, also when nothing is decided by it', async () => {
    await activate(FIRST, -1);
    expect(await forward(FIRST)).toBe('stored');
    await history.activate(SECOND);
    await expect.poll(() => forward(FIRST), { timeout: 10_000, interval: 100 }).toBe('policy_stale');
  });
});

describe('the active policy', () => {
  /** How often the log was read for it. */
  const counting = (): { store: EventStore; reads: () => number } => {
    let reads = 0;
    const readAll: EventStore['readAll'] = (options) => {
      reads += 1;
      return history.store.readAll(options);
    };
    return { store: { ...history.store, readAll }, reads: () => reads };
  };

  it('is kept in memory: many calls cost few reads', async () => {
    await history.activate(FIRST);
    const { store, reads } = counting();
    const other = new Ledger(store);
    const from = performance.now();
    for (let each = 0; each < 200; each++) expect(await forward(FIRST, other)).toBe('stored');
    const looks = 1 + (performance.now() - from) / 250;
    expect(reads()).toBeLessThanOrEqual(2 * looks);
  });

  it('is not guessed when the log cannot be read', async () => {
    await history.activate(FIRST);
    const blind = new Ledger({ ...history.store, readAll: () => Promise.reject(new Error('away')) });
    expect(await forward(FIRST, blind)).toBe('ledger_unavailable');
  });
});
