import { describe, expect, it } from 'vitest';
import type { ApprovalRequested } from './approval.events.js';
import type { KnownApproval } from './approval.state.js';
import { approvalOfTimer, isReviewTimer, timersOf } from './timers.js';

const REQUEST = {
  requestedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T01:00:00.000Z',
  reminders_s: [1_200],
  requirements: [
    { by: ['risk'], count: 1 },
    { by: ['operations'], count: 1, escalate: { after_s: 600, to: ['director'] } },
  ],
} as unknown as ApprovalRequested['data'];
const approval = (change: Partial<KnownApproval>): KnownApproval => ({
  status: 'pending',
  request: REQUEST,
  votes: [],
  escalations: [],
  reminded: 0,
  breakers: [],
  ...change,
});

describe('the timers of an approval', () => {
  it('are one for each instant at which time changes it', () => {
    expect(timersOf('a', approval({}))).toEqual([
      { id: 'a~1', at: '2026-01-01T00:10:00.000Z' },
      { id: 'a~r1', at: '2026-01-01T00:20:00.000Z' },
      { id: 'a', at: '2026-01-01T01:00:00.000Z' },
    ]);
    expect(timersOf('a', approval({})).map(({ id }) => approvalOfTimer(id))).toEqual(['a', 'a', 'a']);
  });

  it('are gone when what they are for is on record', () => {
    const escalated = { requirement: 1, to: ['director'], since: '2026-01-01T00:10:00.000Z' };
    expect(timersOf('a', approval({ escalations: [escalated], reminded: 1 })).map(({ id }) => id)).toEqual([
      'a',
    ]);
    expect(timersOf('a', approval({ status: 'granted' })).map(({ id }) => id)).toEqual(['a']);
  });

  it.each(['denied', 'expired', 'withdrawn', 'used'] as const)('are none once it is %s', (status) => {
    expect(timersOf('a', approval({ status }))).toEqual([]);
  });

  it.each(['granted', 'expired', 'used'] as const)(
    'are that of an open review also once it is %s',
    (status) => {
      const review = { by: ['risk'], dueAt: '2026-01-02T00:00:00.000Z', isOverdue: false };
      const timer = { id: 'a~review', at: review.dueAt };
      expect(timersOf('a', approval({ status, review }))).toContainEqual(timer);
      expect(isReviewTimer(timer.id)).toBe(true);
      expect(isReviewTimer('a')).toBe(false);
      expect(timersOf('a', approval({ status, review: { ...review, isOverdue: true } }))).not.toContainEqual(
        timer,
      );
    },
  );
});
