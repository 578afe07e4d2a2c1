import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import type { ApprovalEvent, ApprovalRequested } from './approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL, requirementsNow } from './approval.state.js';
import { type CastVote, decideEscalation, decideLook, decideVote } from './decide-approval.js';
import type { Requirement } from './requirement.js';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const at = (minute: number, second = 0): string =>
  new Date(Date.UTC(2026, 10, 22, 12, minute, second)).toISOString();
const MANAGER: Requirement = { by: ['manager'], count: 1, escalate: { after_s: 600, to: ['director'] } };

const requested = (requirements: readonly Requirement[], more: object = {}): ApprovalRequested =>
  ({
    type: 'ApprovalRequested',
    v: 1,
    data: {
      callId: 'c-1',
      digest: DIGEST,
      requester: { principal: 'e', issuer: 'https://idp', subject: 'e', client: 'agent', agent: '' },
      requirements,
      distinct: true,
      requestedAt: at(0),
      expiresAt: at(30),
      ...more,
    },
  }) as unknown as ApprovalRequested;
const given = (...events: readonly ApprovalEvent[]): ApprovalState =>
  events.reduce<ApprovalState>(evolveApproval, NO_APPROVAL);
const vote = (name: string, role: string, now: string): CastVote => ({
  vote: 'approve',
  approver: { principal: name, issuer: 'https://idp', subject: name },
  roles: [role],
  isMachine: false,
  digest: DIGEST,
  reason: undefined,
  now,
});
const types = (events: readonly ApprovalEvent[]) => events.map(({ type }) => type);

describe('an escalation', () => {
  it('lets more roles vote from its second on, and not a moment before', () => {
    const state = given(requested([MANAGER]));
    expect(() => decideVote(state, vote('d', 'director', at(9, 59)))).toThrow(CountersignError);
    expect(types(decideVote(state, vote('d', 'director', at(10))))).toEqual([
      'ApprovalEscalated',
      'ApprovalVoted',
      'ApprovalGranted',
    ]);
  });

  it('is recorded once, when somebody looks', () => {
    const state = given(requested([MANAGER]));
    expect(decideEscalation(state, at(9, 59))).toEqual([]);
    const events = decideEscalation(state, at(25));
    expect(events).toEqual([
      { type: 'ApprovalEscalated', v: 1, data: { requirement: 0, to: ['director'], since: at(10) } },
    ]);
    const after = events.reduce<ApprovalState>(evolveApproval, state);
    expect(decideEscalation(after, at(26))).toEqual([]);
    expect(after.status !== 'none' && requirementsNow(after)).toMatchObject([
      { by: ['director', 'manager'] },
    ]);
  });

  it('leaves the first roles their vote, and the other requirements theirs', () => {
    const state = given(requested([MANAGER, { by: ['risk'], count: 1 }]));
    expect(types(decideVote(state, vote('m', 'manager', at(20))))).toEqual([
      'ApprovalEscalated',
      'ApprovalVoted',
    ]);
    const risen = decideEscalation(state, at(20)).reduce<ApprovalState>(evolveApproval, state);
    const directors = ['d1', 'd2'].reduce(
      (current, name) =>
        decideVote(current, vote(name, 'director', at(21))).reduce<ApprovalState>(evolveApproval, current),
      risen,
    );
    expect(directors.status).toBe('pending');
  });

  it('counts votes that were given before it', () => {
    const requirements = [MANAGER, { by: ['director'], count: 1 }];
    const state = ['d1', 'd2'].reduce(
      (current, name) =>
        decideVote(current, vote(name, 'director', at(1))).reduce<ApprovalState>(evolveApproval, current),
      given(requested(requirements)),
    );
    expect(decideLook(state, at(9, 59))).toEqual([]);
    expect(types(decideLook(state, at(10)))).toEqual(['ApprovalEscalated', 'ApprovalGranted']);
  });

  it('opens every way of a requirement', () => {
    const either: Requirement = { ...MANAGER, count: 2, or: [{ by: ['chief'], count: 1 }] };
    expect(types(decideVote(given(requested([either])), vote('d', 'director', at(10))))).toContain(
      'ApprovalGranted',
    );
  });

  it('never happens after the end, nor to approvals asked for before there were any', () => {
    const expired = given(requested([MANAGER], { expiresAt: at(10) }));
    expect(decideEscalation(expired, at(10))).toEqual([]);
    const withdrawn = given(requested([MANAGER]), {
      type: 'ApprovalWithdrawn',
      v: 1,
      data: { reason: 'x' },
    });
    expect(decideEscalation(withdrawn, at(20))).toEqual([]);
    expect(decideEscalation(given(requested([MANAGER], { requestedAt: undefined })), at(20))).toEqual([]);
    expect(decideEscalation(NO_APPROVAL, at(20))).toEqual([]);
  });
});
