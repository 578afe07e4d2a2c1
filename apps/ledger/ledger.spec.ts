import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalEvent } from '#core/approval/approval.events.js';
import type { CallEvent } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { type AppendCommand, buildAppend } from '#core/evidence/build-append.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import { ACTIVATION_STREAM, type PolicyEvent } from '#core/policy/policy.events.js';
import { type EventStore, StoreFull, UnknownOutcome } from '#event-store/event-store.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { APPROVED } from './approval.fixture.js';
import { Ledger } from './ledger.js';

let folder: string;
let store: EventStore;
let ledger: Ledger;
let callId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-ledger-'));
  store = await openSqliteEventStore({ file: join(folder, 'events.db') });
  callId = 'none';
  const activated: Sketch = {
    type: 'PolicyActivated',
    data: { by: 'file', digest: 'sha256:p', instance: 't' },
  };
  const { stream, events } = append(ACTIVATION_STREAM, -1, [activated]);
  await store.append(stream, -1, events);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  ledger = new Ledger(store);
  callId = randomUUID();
});

type Sketch = {
  readonly type: CallEvent['type'] | ApprovalEvent['type'] | PolicyEvent['type'];
  readonly data?: object;
};
const append = (
  stream: string,
  expected: number,
  events: readonly Sketch[],
  time = '2026-11-22T12:00:00.000Z',
): AppendCommand =>
  buildAppend(
    {
      stream,
      expected,
      time,
      actor: { kind: 'service', service: 'test', instance: 't' },
      correlation: callId,
      causation: callId,
      newId: randomUUID,
    },
    events.map(({ type, data = {} }) => ({ event: { type, v: 1, data } as DomainEvent })),
  );
const call = (expected: number, ...events: Sketch[]) => append(`call-${callId}`, expected, events);
const REQUESTED: Sketch = APPROVED.requested;
const decided = (effect: string): Sketch => ({
  type: 'CallDecided',
  data: { ...APPROVED.decided.data, decision: { effect } },
});
const intended = (approvalId: string | null = null): Sketch => ({
  type: 'ForwardIntended',
  data: { instance: 'i-1', deadline_ms: 1_000, approvalId, server: 's' },
});
const granted = (approvalId: string): Sketch => ({
  type: 'HoldEnded',
  data: { approvalId, because: 'granted' },
});
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'stored',
    (error: unknown) => (error instanceof CountersignError ? error.code : String(error)),
  );

describe('the ledger', () => {
  it('stores a call that follows the rules', async () => {
    expect((await ledger.append(call(-1, REQUESTED, decided('allow'), intended()))).revision).toBe(2);
    expect(
      (
        await ledger.append(
          call(2, { type: 'CallReturned' }, { type: 'ResultMasked' }, { type: 'CallCompleted' }),
        )
      ).revision,
    ).toBe(5);
  });

  it.each([
    ['a forward without a decision', [REQUESTED, intended()]],
    ['a forward of a denied call', [REQUESTED, decided('deny'), intended()]],
    ['a forward of a call that needs an approval', [REQUESTED, decided('approval'), intended()]],
    ['a result that was never forwarded', [REQUESTED, decided('allow'), { type: 'CallReturned' } as Sketch]],
  ])('refuses %s, and keeps nothing of it', async (_, events) => {
    expect(await codeOf(ledger.append(call(-1, ...events)))).toBe('revision_conflict');
    expect(await store.readStream(`call-${callId}`)).toEqual([]);
  });

  it('refuses an entry that says something else than its append', async () => {
    const command = call(-1, REQUESTED);
    const [event] = command.events;
    if (event === undefined) throw new Error('no event');
    expect(await codeOf(ledger.append({ ...command, stream: `call-${randomUUID()}` }))).toBe('body_invalid');
    expect(await codeOf(ledger.append({ ...command, events: [{ ...event, type: 'CallDecided' }] }))).toBe(
      'body_invalid',
    );
    expect(await codeOf(ledger.append({ ...command, events: [{ ...event, id: randomUUID() }] }))).toBe(
      'body_invalid',
    );
    expect(await codeOf(ledger.append({ ...command, expected: 0 }))).toMatch(/body_invalid/);
    expect(await codeOf(ledger.append({ ...command, stream: '$all' }))).toBe('body_invalid');
  });

  it('knows the state of a call again after a restart', async () => {
    await ledger.append(call(-1, REQUESTED, decided('allow'), intended()));
    const restarted = new Ledger(store);
    expect(await codeOf(restarted.append(call(2, { type: 'CallCompleted' })))).toBe('revision_conflict');
    expect(
      await codeOf(restarted.append(call(2, { type: 'CallOutcomeUnknown', data: { reason: 'test' } }))),
    ).toBe('stored');
    expect(await codeOf(restarted.append(call(3, { type: 'CallReturned' })))).toBe('revision_conflict');
  });

  it('elects one of two that append behind the same revision', async () => {
    await ledger.append(call(-1, REQUESTED, decided('allow'), intended()));
    const end = () => call(2, { type: 'CallOutcomeUnknown', data: { reason: 'test' } });
    expect((await Promise.all([codeOf(ledger.append(end())), codeOf(ledger.append(end()))])).sort()).toEqual([
      'revision_conflict',
      'stored',
    ]);
  });

  it('closes no call while a question of its upstream is open, as long as its ingress lives', async () => {
    const asks = { type: 'InputRequested', data: { question: 1 } } as const;
    const answers = { type: 'InputAnswered', data: { question: 1 } } as const;
    const overdue = (of: Ledger, isAlive = true) =>
      of.open.orphans(() => isAlive, performance.now() + 3_600_000).map(([stream]) => stream);
    await ledger.append(call(-1, REQUESTED, decided('allow'), intended()));
    expect(overdue(ledger)).toEqual([`call-${callId}`]);
    await ledger.append(call(2, asks));
    expect(overdue(ledger)).toEqual([]);
    expect(overdue(ledger, false)).toEqual([`call-${callId}`]);
    const restarted = new Ledger(store);
    await restarted.reload(`call-${callId}`);
    expect(overdue(restarted)).toEqual([]);
    await ledger.append(call(3, answers));
    expect(overdue(ledger)).toEqual([`call-${callId}`]);
  });

  describe('takes the forward of a held call', () => {
    const held = async (approvalId: string) => {
      await ledger.append(call(-1, REQUESTED, decided('approval'), APPROVED.held(approvalId)));
    };
    const approve = async (approvalId: string, expiresAt: string, forCall = callId) => {
      const events: Sketch[] = [APPROVED.asked(forCall, expiresAt), APPROVED.voted(), APPROVED.granted];
      await ledger.append(append(`approval-${approvalId}`, -1, events));
    };
    const release = (approvalId: string) =>
      ledger.append(call(2, decided('approval'), granted(approvalId), intended(approvalId)));

    it('once its approval is granted', async () => {
      const id = randomUUID();
      await held(id);
      expect(await codeOf(release(id))).toBe('approval_stale');
      await approve(id, '2026-11-22T13:00:00.000Z');
      expect(await codeOf(release(id))).toBe('stored');
      expect(await codeOf(release(id))).toBe('revision_conflict');
    });

    it('but not after the approval has expired', async () => {
      const id = randomUUID();
      await held(id);
      await approve(id, '2026-11-22T12:00:00.000Z');
      expect(await codeOf(release(id))).toBe('approval_expired');
    });

    it('but not on the approval of another call', async () => {
      const id = randomUUID();
      await held(id);
      await approve(id, '2026-11-22T13:00:00.000Z', randomUUID());
      expect(await codeOf(release(id))).toBe('approval_stale');
    });
  });

  describe('when the store cannot say what became of an append', () => {
    const breaking = (persist: boolean, error: Error, read = store.readStream): Ledger =>
      new Ledger({
        ...store,
        readStream: read,
        append: async (...command: Parameters<EventStore['append']>) => {
          if (persist) await store.append(...command);
          throw error;
        },
      });

    it('answers like a success when it is there', async () => {
      const result = await breaking(true, new UnknownOutcome('test')).append(
        call(-1, REQUESTED, decided('allow'), intended()),
      );
      expect(result.revision).toBe(2);
    });

    it('refuses when it is not there', async () => {
      expect(await codeOf(breaking(false, new UnknownOutcome('test')).append(call(-1, REQUESTED)))).toBe(
        'ledger_unavailable',
      );
    });

    it('refuses when nobody can look', async () => {
      const blind = breaking(true, new UnknownOutcome('test'), () => Promise.reject(new Error('away')));
      expect(await codeOf(blind.append(call(-1, REQUESTED)))).toBe('ledger_unavailable');
    });

    it('says that the disk is full when it is', async () => {
      expect(await codeOf(breaking(false, new StoreFull('test')).append(call(-1, REQUESTED)))).toBe(
        'ledger_full',
      );
    });
  });
});
