import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import type { ApprovalEvent, ApprovalRequested } from './approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from './approval.state.js';
import {
  type CastVote,
  checkWithdrawal,
  decideExpiry,
  decideRequest,
  decideVote,
  decideWithdrawal,
} from './decide-approval.js';
import type { Requirement } from './requirement.js';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const EXPIRES = '2026-11-22T12:30:00.000Z';
const BEFORE = '2026-11-22T12:00:00.000Z';
const person = (name: string) => ({ principal: name, issuer: 'https://idp', subject: name });

const requested = (
  requirements: readonly Requirement[] = [{ by: ['manager'], count: 1 }],
): ApprovalRequested =>
  ({
    type: 'ApprovalRequested',
    v: 1,
    data: {
      callId: 'c-1',
      digest: DIGEST,
      requester: { ...person('engineer'), human: '4711', client: 'agent', agent: '' },
      requirements,
      expiresAt: EXPIRES,
    },
  }) as unknown as ApprovalRequested;

const vote = (name: string, overrides: Partial<CastVote> = {}): CastVote => ({
  vote: 'approve',
  approver: person(name),
  roles: ['manager'],
  isMachine: false,
  digest: DIGEST,
  reason: undefined,
  now: BEFORE,
  ...overrides,
});

const given = (...events: readonly ApprovalEvent[]): ApprovalState =>
  events.reduce<ApprovalState>(evolveApproval, NO_APPROVAL);
const voted = (state: ApprovalState, command: CastVote): ApprovalState =>
  decideVote(state, command).reduce<ApprovalState>(evolveApproval, state);
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return 'accepted';
};
const TWO = [{ by: ['manager'], count: 2 }];

describe('a vote', () => {
  it('of the one approver that is needed grants', () => {
    expect(decideVote(given(requested()), vote('manager-1')).map(({ type }) => type)).toEqual([
      'ApprovalVoted',
      'ApprovalGranted',
    ]);
  });

  it('of the first of two only counts', () => {
    const state = voted(given(requested(TWO)), vote('manager-1'));
    expect(state.status).toBe('pending');
    expect(voted(state, vote('manager-2')).status).toBe('granted');
  });

  it('counts for one requirement only, so that two need two humans', () => {
    const both: ApprovalRequested = requested([
      { by: ['risk'], count: 1 },
      { by: ['operations'], count: 1 },
    ]);
    const distinct = given({ ...both, data: { ...both.data, distinct: true } });
    const first = voted(distinct, vote('both', { roles: ['operations', 'risk'] }));
    expect(first.status).toBe('pending');
    expect(voted(first, vote('r1', { roles: ['risk'] })).status).toBe('granted');
  });

  it('serves several requirements in approvals asked for before votes were distinct, and all must be met', () => {
    const state = given(
      requested([
        { by: ['risk'], count: 1 },
        { by: ['operations'], count: 1 },
      ]),
    );
    expect(voted(state, vote('both', { roles: ['operations', 'risk'] })).status).toBe('granted');
    expect(voted(voted(state, vote('r1', { roles: ['risk'] })), vote('r2', { roles: ['risk'] })).status).toBe(
      'pending',
    );
  });

  it('of one denier ends it, with the reason', () => {
    const state = voted(given(requested(TWO)), vote('manager-1', { vote: 'deny', reason: ' too much ' }));
    expect(state).toMatchObject({ status: 'denied', reason: 'too much' });
  });

  it.each([
    ['by the requester', vote('engineer'), 'approver_is_requester'],
    [
      'by the requester under another display name',
      vote('x', { approver: { ...person('engineer'), principal: 'someone else' } }),
      'approver_is_requester',
    ],
    [
      'by the requester through a second account of the same human',
      vote('second', { approver: { ...person('second'), issuer: 'https://other', human: '4711' } }),
      'approver_is_requester',
    ],
    ['by the agent that made the request', vote('m1', { client: 'agent' }), 'approver_not_eligible'],
    ['by a machine', vote('robot', { isMachine: true }), 'approver_not_eligible'],
    ['by somebody without the role', vote('clerk', { roles: ['clerk'] }), 'approver_not_eligible'],
    ['without the digest', vote('manager-1', { digest: undefined }), 'digest_mismatch'],
    ['with another digest', vote('manager-1', { digest: `sha256:${'b'.repeat(64)}` }), 'digest_mismatch'],
    ['to deny without a reason', vote('manager-1', { vote: 'deny', reason: '  ' }), 'reason_missing'],
    [
      'to deny with a reason that nobody can see',
      vote('manager-1', { vote: 'deny', reason: ' \u200b\u3164' }),
      'reason_missing',
    ],
    ['at the very instant of the expiry', vote('manager-1', { now: EXPIRES }), 'approval_expired'],
  ] as const)('%s is refused', (_, command, expected) => {
    expect(code(() => decideVote(given(requested()), command))).toBe(expected);
  });

  it('of the same human twice is refused, also under another name', () => {
    const state = voted(given(requested(TWO)), vote('manager-1'));
    const again = vote('manager-1', { approver: { ...person('manager-1'), principal: 'other name' } });
    expect(code(() => decideVote(state, again))).toBe('approver_voted_already');
  });

  it('of the same human through two accounts is one vote; without a claim that names the human they are two', () => {
    const account = (issuer: string, human?: string) => ({ ...person('m'), issuer, ...(human && { human }) });
    const state = voted(given(requested(TWO)), vote('m', { approver: account('https://a', 'e-1') }));
    expect(code(() => voted(state, vote('m', { approver: account('https://b', 'e-1') })))).toBe(
      'approver_voted_already',
    );
    expect(voted(state, vote('m', { approver: account('https://b', 'e-2') })).status).toBe('granted');
    expect(voted(state, vote('m', { approver: account('https://b') })).status).toBe('granted');
  });

  it.each(['granted', 'denied', 'expired', 'withdrawn'])('on an approval that is %s is refused', (status) => {
    const state = { ...given(requested()), status } as ApprovalState;
    expect(code(() => decideVote(state, vote('manager-1')))).toBe('approval_closed');
  });

  it('on nothing is refused', () => {
    expect(code(() => decideVote(NO_APPROVAL, vote('manager-1')))).toBe('approval_unknown');
  });

  it('is never enough by fewer distinct eligible humans than the quorum, whatever the order', () => {
    const ballot = fc.record({
      name: fc.constantFrom('engineer', 'm1', 'm2', 'm3', 'clerk'),
      isMachine: fc.boolean(),
      right: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(ballot, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), (ballots, count) => {
        let state = given(requested([{ by: ['manager'], count }]));
        const humans = new Set<string>();
        for (const { name, isMachine, right } of ballots) {
          const command = vote(name, {
            isMachine,
            roles: name === 'clerk' ? [] : ['manager'],
            digest: right ? DIGEST : undefined,
          });
          if (state.status === 'pending' && right && !isMachine && name.startsWith('m')) humans.add(name);
          try {
            state = voted(state, command);
          } catch (error) {
            expect(error).toBeInstanceOf(CountersignError);
          }
        }
        expect(state.status).toBe(humans.size >= count ? 'granted' : 'pending');
      }),
    );
  });
});

describe('an approval', () => {
  it('is requested once', () => {
    expect(decideRequest(NO_APPROVAL, requested())).toHaveLength(1);
    expect(decideRequest(given(requested()), requested())).toEqual([]);
  });

  it('expires when its time has come and not before', () => {
    expect(decideExpiry(given(requested()), BEFORE)).toEqual([]);
    expect(decideExpiry(given(requested()), EXPIRES).map(({ type }) => type)).toEqual(['ApprovalExpired']);
    expect(decideExpiry(voted(given(requested()), vote('manager-1')), EXPIRES)).toHaveLength(1);
    expect(decideExpiry(NO_APPROVAL, EXPIRES)).toEqual([]);
  });

  it('is withdrawn by its requester alone, through any account, while it is open', () => {
    const state = given(requested());
    expect(checkWithdrawal(state, person('engineer'))).toBe(state);
    expect(checkWithdrawal(state, { ...person('second'), human: '4711' })).toBe(state);
    expect(code(() => checkWithdrawal(state, person('manager-1')))).toBe('forbidden');
    expect(code(() => checkWithdrawal(NO_APPROVAL, person('engineer')))).toBe('approval_unknown');
    const used = { ...state, status: 'used' } as ApprovalState;
    expect(code(() => checkWithdrawal(used, person('engineer')))).toBe('approval_closed');
  });

  it('is withdrawn while it is open', () => {
    expect(decideWithdrawal(given(requested()), 'cancelled')).toHaveLength(1);
    expect(
      decideWithdrawal({ ...given(requested()), status: 'denied' } as ApprovalState, 'cancelled'),
    ).toEqual([]);
  });
});
