import { describe, expect, it } from 'vitest';
import type { ApprovalEvent, ApprovalRequested } from './approval.events.js';
import { type ApprovalState, evolveApproval, type KnownApproval, NO_APPROVAL } from './approval.state.js';
import { decideLook, decideReminder } from './decide-approval.js';
import { dueTimes } from './due-times.js';
import { remindersWithin } from './reminder.js';

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString();
const EXPIRES = 1_000;

const requested = (more: object = {}): ApprovalRequested =>
  ({
    type: 'ApprovalRequested',
    v: 1,
    data: {
      callId: 'c',
      requester: { principal: 'e', issuer: 'https://idp', subject: 'e', client: 'agent', agent: '' },
      requirements: [{ by: ['manager'], count: 1, escalate: { after_s: 600, to: ['director'] } }],
      requestedAt: at(0),
      reminders_s: [60, 300, 600],
      expiresAt: at(EXPIRES),
      ...more,
    },
  }) as unknown as ApprovalRequested;
const given = (...events: readonly ApprovalEvent[]): KnownApproval => {
  const state = events.reduce<ApprovalState>(evolveApproval, NO_APPROVAL);
  if (state.status === 'none') throw new Error('nothing was requested');
  return state;
};
const reminded = (number: number): ApprovalEvent => ({
  type: 'ApprovalReminded',
  v: 1,
  data: { number, since: at(0) },
});

describe('a reminder', () => {
  it('is recorded from its second on, and not a moment before', () => {
    expect(decideReminder(given(requested()), at(59))).toEqual([]);
    expect(decideReminder(given(requested()), at(60))).toEqual([
      { type: 'ApprovalReminded', v: 1, data: { number: 1, since: at(60) } },
    ]);
  });

  it('is recorded once, and the last alone where several are due', () => {
    expect(decideReminder(given(requested(), reminded(1)), at(299))).toEqual([]);
    expect(decideReminder(given(requested()), at(599))).toMatchObject([{ data: { number: 2 } }]);
    expect(decideReminder(given(requested(), reminded(3)), at(EXPIRES - 1))).toEqual([]);
  });

  it.each<[string, ApprovalEvent]>([
    ['granted', { type: 'ApprovalGranted', v: 1, data: { digest: `sha256:${'a'.repeat(64)}` } }],
    ['denied', { type: 'ApprovalDenied', v: 1, data: { reason: 'no' } }],
    ['withdrawn', { type: 'ApprovalWithdrawn', v: 1, data: { reason: 'no' } }],
  ])('never comes once the approval is %s', (_, event) => {
    expect(decideReminder(given(requested(), event), at(600))).toEqual([]);
    expect(dueTimes(given(requested(), event))).toEqual([]);
  });

  it('never comes at or after the expiry, nor for approvals asked for before there were any', () => {
    expect(decideLook(given(requested()), at(EXPIRES)).map(({ type }) => type)).toEqual(['ApprovalExpired']);
    expect(decideReminder(given(requested({ reminders_s: undefined })), at(600))).toEqual([]);
    expect(decideReminder(given(requested({ requestedAt: undefined })), at(600))).toEqual([]);
    expect(decideReminder(NO_APPROVAL, at(600))).toEqual([]);
  });

  it('comes with the escalation of the same second, after it', () => {
    expect(decideLook(given(requested()), at(600)).map(({ type }) => type)).toEqual([
      'ApprovalEscalated',
      'ApprovalReminded',
    ]);
  });

  it('of the settings is kept with the request only where it comes before the expiry', () => {
    const request = { requestedAt: at(0), expiresAt: at(EXPIRES) };
    expect(remindersWithin([300, EXPIRES - 1, EXPIRES, 4_000], request)).toEqual([300, EXPIRES - 1]);
    expect(remindersWithin([EXPIRES], request)).toBeUndefined();
    expect(remindersWithin([300], { expiresAt: at(EXPIRES) })).toBeUndefined();
  });
});

describe('what is due', () => {
  it('are the escalations and reminders that are not on record', () => {
    expect(dueTimes(given(requested(), reminded(1)))).toEqual([
      { key: '0', at: at(600) },
      { key: 'r2', at: at(300) },
      { key: 'r3', at: at(600) },
    ]);
  });
});
