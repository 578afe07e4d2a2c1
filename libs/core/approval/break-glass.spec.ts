import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import type { ApprovalEvent, ApprovalRequested } from './approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from './approval.state.js';
import { type ActsInEmergency, decideBreakGlass, decideReview, decideReviewOverdue } from './break-glass.js';
import { decideVote } from './decide-approval.js';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 22, 12, minute)).toISOString();
const person = (name: string, human?: string) => ({
  principal: name,
  issuer: 'https://idp',
  subject: name,
  ...(human !== undefined && { human }),
});
const requested = (more: object = {}): ApprovalRequested =>
  ({
    type: 'ApprovalRequested',
    v: 1,
    data: {
      callId: 'c',
      digest: DIGEST,
      requester: { ...person('engineer', '4711'), client: 'agent', agent: '' },
      requirements: [{ by: ['manager'], count: 1 }],
      breakGlass: { roles: ['commander', 'security'], review: ['risk', 'security'], within_s: 3_600 },
      requestedAt: at(0),
      expiresAt: at(30),
      ...more,
    },
  }) as unknown as ApprovalRequested;
const fold = (events: readonly ApprovalEvent[], from: ApprovalState = NO_APPROVAL): ApprovalState =>
  events.reduce<ApprovalState>(evolveApproval, from);
const PENDING = fold([requested()]);

type Command = ActsInEmergency & { readonly digest: string | undefined };
const by = (name: string, role: string, more: Partial<Command> = {}): Command => ({
  person: person(name),
  roles: [role],
  isMachine: false,
  digest: DIGEST,
  reason: 'fire',
  now: at(1),
  ...more,
});
const broken = (state: ApprovalState, command: Command): ApprovalState =>
  fold(decideBreakGlass(state, command), state);
const GRANTED = broken(broken(PENDING, by('c', 'commander')), by('s', 'security', { now: at(2) }));
const review = (name: string, role: string, more: Partial<Command> = {}) => ({
  ...by(name, role, { now: at(10), ...more }),
  verdict: 'justified' as const,
});
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('break-glass', () => {
  it('by a human of each of the two roles grants, and owes a review, in one append', () => {
    const first = decideBreakGlass(PENDING, by('c', 'commander'));
    expect(first.map(({ type }) => type)).toEqual(['BreakGlassInvoked']);
    expect(decideBreakGlass(fold(first, PENDING), by('s', 'security', { now: at(2) }))).toEqual([
      {
        type: 'BreakGlassInvoked',
        v: 1,
        data: { by: person('s'), roles: ['security'], digest: DIGEST, reason: 'fire' },
      },
      { type: 'ApprovalGranted', v: 1, data: { digest: DIGEST, how: 'break-glass' } },
      { type: 'ReviewRequired', v: 1, data: { by: ['risk', 'security'], dueAt: at(62) } },
    ]);
    expect(GRANTED).toMatchObject({ status: 'granted', how: 'break-glass' });
  });

  it('by two of the same role, or by one who has both, is not enough', () => {
    expect(broken(broken(PENDING, by('c1', 'commander')), by('c2', 'commander')).status).toBe('pending');
    const both = by('b', '', { roles: ['commander', 'security'] });
    expect(broken(PENDING, both).status).toBe('pending');
    expect(broken(broken(PENDING, both), by('c', 'commander')).status).toBe('granted');
  });

  it.each<[string, Command, string]>([
    ['by the requester', by('engineer', 'commander'), 'approver_is_requester'],
    [
      'by the requester through a second account',
      by('x', 'commander', { person: person('x', '4711') }),
      'approver_is_requester',
    ],
    ['by a machine', by('robot', 'commander', { isMachine: true }), 'approver_not_eligible'],
    ['through the agent of the request', by('c2', 'security', { client: 'agent' }), 'approver_not_eligible'],
    ['by an approver without one of its roles', by('m', 'manager'), 'approver_not_eligible'],
    ['by the same human again', by('c', 'security'), 'approver_voted_already'],
    [
      'by the same human through a second account',
      by('c2', 'security', { person: { ...person('c2'), subject: 'c' } }),
      'approver_voted_already',
    ],
    ['without the digest', by('s', 'security', { digest: undefined }), 'digest_mismatch'],
    ['without a reason', by('s', 'security', { reason: ' ' }), 'reason_missing'],
    ['at the very instant of the expiry', by('s', 'security', { now: at(30) }), 'approval_expired'],
  ])('%s is refused', (_, command, expected) => {
    expect(code(() => decideBreakGlass(broken(PENDING, by('c', 'commander')), command))).toBe(expected);
  });

  it('is refused where policy has none, and after the end', () => {
    const without = fold([requested({ breakGlass: undefined })]);
    expect(code(() => decideBreakGlass(without, by('c', 'commander')))).toBe('break_glass_refused');
    expect(code(() => decideBreakGlass(GRANTED, by('c3', 'commander')))).toBe('approval_closed');
    expect(code(() => decideBreakGlass(NO_APPROVAL, by('c', 'commander')))).toBe('approval_unknown');
  });

  it('adds nothing to the votes, nor they to it', () => {
    const cast = { vote: 'approve', isMachine: false, digest: DIGEST, reason: '', now: at(3) } as const;
    const half = broken(PENDING, by('c', 'commander'));
    const asVoter = { ...cast, approver: person('c2'), roles: ['commander'] };
    expect(code(() => decideVote(half, asVoter))).toBe('approver_not_eligible');
    const voted = decideVote(half, { ...cast, approver: person('m'), roles: ['manager'] });
    expect(fold(voted, half)).toMatchObject({ status: 'granted' });
    expect(fold(voted, half)).not.toHaveProperty('review');
  });
});

describe('the review of a broken glass', () => {
  it('is given once, by somebody who was not part of it, with a reason', () => {
    expect(decideReview(GRANTED, review('r', 'risk'))).toEqual([
      {
        type: 'ApprovalReviewed',
        v: 1,
        data: { verdict: 'justified', reviewer: person('r'), roles: ['risk'], reason: 'fire' },
      },
    ]);
    const given = fold(decideReview(GRANTED, review('r', 'risk')), GRANTED);
    expect(given.status).toBe('granted');
    expect(code(() => decideReview(given, review('r2', 'risk')))).toBe('review_not_open');
    expect(code(() => decideReview(PENDING, review('r', 'risk')))).toBe('review_not_open');
    expect(code(() => decideReview(NO_APPROVAL, review('r', 'risk')))).toBe('approval_unknown');
  });

  it.each<[string, ReturnType<typeof review>, string]>([
    ['one who broke it', review('s', 'security'), 'approver_voted_already'],
    ['the requester', review('engineer', 'risk'), 'approver_is_requester'],
    ['a machine', review('robot', 'risk', { isMachine: true }), 'approver_not_eligible'],
    ['the agent of the request', review('r', 'risk', { client: 'agent' }), 'approver_not_eligible'],
    ['somebody without the role', review('m', 'manager'), 'approver_not_eligible'],
    ['somebody who says nothing', review('r', 'risk', { reason: undefined }), 'reason_missing'],
  ])('by %s is refused', (_, command, expected) => {
    expect(code(() => decideReview(GRANTED, command))).toBe(expected);
  });

  it('is overdue from its second on, once, and still possible then', () => {
    expect(decideReviewOverdue(GRANTED, new Date(Date.parse(at(62)) - 1).toISOString())).toEqual([]);
    const overdue = decideReviewOverdue(GRANTED, at(62));
    expect(overdue).toEqual([{ type: 'ReviewOverdue', v: 1, data: { dueAt: at(62) } }]);
    const after = fold(overdue, GRANTED);
    expect(decideReviewOverdue(after, at(63))).toEqual([]);
    const late = fold(decideReview(after, review('r', 'risk', { now: at(99) })), after);
    expect(late).toMatchObject({ review: { given: { verdict: 'justified' } } });
    expect(decideReviewOverdue(fold(decideReview(GRANTED, review('r', 'risk')), GRANTED), at(99))).toEqual(
      [],
    );
    expect(decideReviewOverdue(PENDING, at(99))).toEqual([]);
    expect(decideReviewOverdue(NO_APPROVAL, at(99))).toEqual([]);
  });
});
