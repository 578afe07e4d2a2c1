import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Announced,
  ATTEMPTS_MAX,
  decideFailed,
  decideIntent,
  decideSent,
  nextNotice,
  notBefore,
  UNTOLD_S_MAX,
} from './decide-notice.js';
import type { NoticeEvent, NoticeKind } from './notice.events.js';
import { evolveNotice, NOTHING_TOLD, type NoticeState } from './notice.state.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const at = (s: number): string => new Date(START + s * 1_000).toISOString();
const told = (...kinds: readonly NoticeKind[]): readonly Announced[] =>
  kinds.map((kind, revision) => ({ revision, kind, at: at(0), roles: ['manager'] }));
const everything = () => true;
const stateAfter = (...events: readonly NoticeEvent[]): NoticeState =>
  events.reduce(evolveNotice, NOTHING_TOLD);

const channel = 'mail';
const intended = (notice: number, attempt: number, until_s: number): NoticeEvent => ({
  type: 'NoticeIntended',
  v: 1,
  data: { approvalId: 'a', channel, notice, kind: 'requested', attempt, until: at(until_s) },
});
const sent = (notice: number, attempt = 1): NoticeEvent => ({
  type: 'NoticeSent',
  v: 1,
  data: { channel, notice, attempt, reference: { id: `m-${notice}` } },
});
const failed = (notice: number, attempt: number, retry_s?: number): NoticeEvent => ({
  type: 'NoticeFailed',
  v: 1,
  data: {
    channel,
    notice,
    attempt,
    reason: 'http_503',
    final: retry_s === undefined,
    ...(retry_s !== undefined && { retryAt: at(retry_s) }),
  },
});
const intend = (state: NoticeState, announced: readonly Announced[], now_s: number) => {
  const now = at(now_s);
  const next = nextNotice(announced, state, everything, now);
  return decideIntent(state, { approvalId: 'a', channel, next, now, lease_ms: 15_000 });
};
const next = (
  announced: readonly Announced[],
  state: NoticeState,
  takes = everything as (a: Announced) => boolean,
) => nextNotice(announced, state, takes, at(1))?.revision;

describe('what a channel is told next', () => {
  it('is the first thing that it has not been told', () => {
    expect(next(told('requested', 'escalated'), NOTHING_TOLD)).toBe(0);
    expect(next(told('requested', 'escalated'), stateAfter(intended(0, 1, 15), sent(0)))).toBe(1);
    expect(next(told('requested'), stateAfter(intended(0, 1, 15), sent(0)))).toBeUndefined();
  });

  it('is the end alone, once there is one', () => {
    expect(next(told('requested', 'voted', 'reminder', 'resolved'), NOTHING_TOLD)).toBe(3);
    expect(next(told('requested', 'resolved', 'review'), NOTHING_TOLD)).toBe(1);
    expect(next(told('requested', 'resolved', 'resolved'), stateAfter(intended(0, 1, 15), sent(0)))).toBe(2);
  });

  it('is the last of the votes, reminders and reviews that wait', () => {
    const announced = told('requested', 'voted', 'reminder', 'voted', 'reminder');
    expect(next(announced, stateAfter(intended(0, 1, 15), sent(0)))).toBe(4);
    expect(
      next(told('requested', 'resolved', 'review', 'review'), stateAfter(intended(0, 1, 15), sent(1))),
    ).toBe(3);
    expect(next(told('requested', 'voted', 'escalated'), stateAfter(intended(0, 1, 15), sent(0)))).toBe(2);
  });

  it('is nothing that the channel does not take', () => {
    expect(next(told('requested', 'voted'), NOTHING_TOLD, ({ kind }) => kind === 'voted')).toBe(1);
    expect(
      next(told('requested', 'resolved'), NOTHING_TOLD, ({ kind }) => kind === 'requested'),
    ).toBeUndefined();
  });

  it('is not the old end of an approval that it never heard of', () => {
    const announced = told('requested', 'resolved');
    expect(nextNotice(announced, NOTHING_TOLD, everything, at(UNTOLD_S_MAX))?.revision).toBe(1);
    expect(nextNotice(announced, NOTHING_TOLD, everything, at(UNTOLD_S_MAX + 1))).toBeUndefined();
    const heard = stateAfter(intended(0, 1, 15));
    expect(nextNotice(announced, heard, everything, at(10 * UNTOLD_S_MAX))?.revision).toBe(1);
  });
});

describe('an attempt', () => {
  const announced = told('requested');

  it('is not made while somebody else makes one, and is made again after a crash over it', () => {
    expect(intend(NOTHING_TOLD, announced, 0)).toMatchObject([
      { data: { notice: 0, attempt: 1, until: at(15) } },
    ]);
    expect(intend(stateAfter(intended(0, 1, 15)), announced, 14)).toEqual([]);
    expect(intend(stateAfter(intended(0, 1, 15)), announced, 15)).toMatchObject([
      { data: { notice: 0, attempt: 2 } },
    ]);
  });

  it('after a failure waits its time, and longer each time, up to half an hour', () => {
    const waits = Array.from({ length: 10 }, (_, index) => {
      const attempt = index + 1;
      const [event] = decideFailed(
        stateAfter(intended(0, attempt, 15)),
        { channel, notice: 0, attempt },
        {
          reason: 'http_503',
          final: false,
          now: at(1),
        },
      );
      return (Date.parse(event?.data.retryAt ?? '') - START) / 1_000 - 1;
    });
    expect(waits).toEqual([2, 10, 60, 300, 900, 1_800, 1_800, 1_800, 1_800, 1_800]);
    const state = stateAfter(intended(0, 1, 15), failed(0, 1, 3));
    expect(notBefore(state, announced[0])).toBe(at(3));
    expect(intend(state, announced, 2)).toEqual([]);
    expect(intend(state, announced, 3)).toMatchObject([{ data: { attempt: 2 } }]);
  });

  it.each([
    ['waits as long as the receiver wants', 400, 401],
    ['but no longer than its own longest wait', 100_000, 1_801],
    ['and no shorter than its own', 1, 3],
  ])('%s', (_, retryAfter_s, at_s) => {
    const [event] = decideFailed(
      stateAfter(intended(0, 1, 15)),
      { channel, notice: 0, attempt: 1 },
      {
        reason: 'http_429',
        final: false,
        retryAfter_ms: retryAfter_s * 1_000,
        now: at(1),
      },
    );
    expect(event?.data.retryAt).toBe(at(at_s));
  });

  it('about something newer does not wait for the failures of what it replaces', () => {
    const state = stateAfter(intended(0, 1, 15), failed(0, 1, 1_000));
    expect(intend(state, told('requested', 'resolved'), 20)).toMatchObject([
      { data: { notice: 1, attempt: 1 } },
    ]);
  });

  it(`is given up after ${ATTEMPTS_MAX}, also when every one of them crashed`, () => {
    expect(
      decideFailed(
        stateAfter(intended(0, ATTEMPTS_MAX, 15)),
        { channel, notice: 0, attempt: ATTEMPTS_MAX },
        {
          reason: 'timeout',
          final: false,
          now: at(1),
        },
      ),
    ).toMatchObject([{ type: 'NoticeFailed', data: { final: true } }]);
    expect(intend(stateAfter(intended(0, ATTEMPTS_MAX, 15)), announced, 16)).toMatchObject([
      { type: 'NoticeFailed', data: { final: true, reason: 'attempts_used_up' } },
    ]);
  });

  it('is given up on record when the approval has ended and its end is not told', () => {
    const state = stateAfter(intended(0, 3, 15), failed(0, 3, 60));
    expect(
      decideIntent(state, { approvalId: 'a', channel, next: undefined, now: at(20), lease_ms: 1 }),
    ).toMatchObject([
      { type: 'NoticeFailed', data: { notice: 0, attempt: 3, reason: 'approval_ended', final: true } },
    ]);
    expect(
      decideIntent(NOTHING_TOLD, { approvalId: 'a', channel, next: undefined, now: at(20), lease_ms: 1 }),
    ).toEqual([]);
  });

  it('that somebody else has taken over has no outcome any more', () => {
    const state = stateAfter(intended(0, 1, 15), intended(0, 2, 40));
    const mine = { channel, notice: 0, attempt: 1 };
    expect(decideSent(state, mine, {})).toEqual([]);
    expect(decideFailed(state, mine, { reason: 'timeout', final: false, now: at(41) })).toEqual([]);
    expect(decideSent(state, { ...mine, attempt: 2 }, { id: 'x' })).toMatchObject([{ type: 'NoticeSent' }]);
  });

  it('keeps the reference of what arrived before, whatever happens to the next', () => {
    const state = stateAfter(
      intended(0, 1, 15),
      sent(0),
      intended(1, 1, 30),
      failed(1, 1, 40),
      intended(1, 2, 60),
      failed(1, 2),
    );
    expect(state).toEqual({ handled: 1, reference: { id: 'm-0' } });
  });
});

describe('whatever fails and whoever crashes', () => {
  const kind = fc.constantFrom<NoticeKind>('voted', 'reminder', 'escalated', 'resolved', 'review');
  const outcome = fc.constantFrom('sent', 'failed', 'final', 'crash');

  it('what is told goes forward, the last thing is told or given up on record, and nobody sends twice at once', () => {
    fc.assert(
      fc.property(
        fc.array(kind, { maxLength: 6 }),
        fc.array(outcome, { maxLength: 40 }),
        (kinds, outcomes) => {
          const announced = told('requested', ...kinds);
          let state: NoticeState = NOTHING_TOLD;
          let now_s = 0;
          const tried: number[] = [];
          const outcomeOf = (index: number) => outcomes[index] ?? 'sent';
          for (let step = 0; step < 500; step++) {
            const decided = intend(state, announced, now_s);
            state = decided.reduce(evolveNotice, state);
            const [event] = decided;
            if (event?.type === 'NoticeIntended') {
              expect(intend(state, announced, now_s)).toEqual([]);
              const mine = { channel, notice: event.data.notice, attempt: event.data.attempt };
              const result = outcomeOf(tried.length);
              tried.push(event.data.notice);
              const failure = { reason: 'x', final: result === 'final', now: at(now_s) };
              const end: readonly NoticeEvent[] =
                result === 'crash'
                  ? []
                  : result === 'sent'
                    ? decideSent(state, mine, {})
                    : decideFailed(state, mine, failure);
              state = end.reduce(evolveNotice, state);
            }
            const wait = notBefore(state, nextNotice(announced, state, everything, at(now_s)));
            if (
              nextNotice(announced, state, everything, at(now_s)) === undefined &&
              state.attempt === undefined
            )
              break;
            if (wait !== undefined) now_s = Math.max(now_s, (Date.parse(wait) - START) / 1_000);
          }
          expect(tried).toEqual([...tried].sort((a, b) => a - b));
          expect(nextNotice(announced, state, everything, at(now_s))).toBeUndefined();
        },
      ),
    );
  });
});
