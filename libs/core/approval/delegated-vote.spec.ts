import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import type { ApprovalRequested } from './approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from './approval.state.js';
import { type CastVote, decideVote } from './decide-approval.js';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const person = (name: string, human?: string) => ({
  principal: name,
  issuer: 'https://idp',
  subject: name,
  ...(human !== undefined && { human }),
});
const REQUESTED = {
  type: 'ApprovalRequested',
  v: 1,
  data: {
    callId: 'c',
    digest: DIGEST,
    requester: { ...person('engineer', '4711'), client: 'agent', agent: '' },
    requirements: [
      { by: ['manager'], count: 2 },
      { by: ['risk'], count: 1 },
    ],
    distinct: true,
    expiresAt: '2026-11-22T12:30:00.000Z',
  },
} as unknown as ApprovalRequested;
const PENDING = evolveApproval(NO_APPROVAL, REQUESTED);

const vote = (name: string, more: Partial<CastVote> = {}): CastVote => ({
  vote: 'approve',
  approver: person(name),
  roles: ['manager'],
  isMachine: false,
  digest: DIGEST,
  reason: undefined,
  now: '2026-11-22T12:00:00.000Z',
  ...more,
});
const behalf = (name: string, delegator: string, more: Partial<CastVote> = {}): CastVote =>
  vote(name, { onBehalfOf: { delegation: 'd', person: person(delegator) }, ...more });
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

describe('a vote for somebody else', () => {
  it('says for whom, and counts with the delegated roles only', () => {
    expect(decideVote(PENDING, behalf('deputy', 'boss'))).toMatchObject([
      {
        type: 'ApprovalVoted',
        data: {
          approver: person('deputy'),
          roles: ['manager'],
          onBehalfOf: { delegation: 'd', person: person('boss') },
        },
      },
    ]);
    const state = voted(voted(PENDING, behalf('deputy', 'boss')), vote('m2'));
    expect(state.status).toBe('pending');
    expect(voted(state, vote('r', { roles: ['risk'] })).status).toBe('granted');
  });

  it.each<[string, CastVote, string]>([
    ['the delegator in person', vote('boss'), 'approver_voted_already'],
    [
      'the delegator through another account',
      vote('x', { approver: person('x', 'b') }),
      'approver_voted_already',
    ],
    ['the delegator through another delegate', behalf('deputy-2', 'boss'), 'approver_voted_already'],
    ['the delegate in person', vote('deputy', { roles: ['risk'] }), 'approver_voted_already'],
    ['the delegate for another delegator', behalf('deputy', 'boss-2'), 'approver_voted_already'],
    ['somebody for the delegate', behalf('deputy-2', 'deputy'), 'approver_voted_already'],
    ['others', behalf('deputy-2', 'boss-2'), 'accepted'],
  ])('makes of both one voter: then %s is %s', (_, command, expected) => {
    const boss = { delegation: 'd', person: person('boss', 'b') };
    const state = voted(PENDING, behalf('deputy', 'boss', { onBehalfOf: boss }));
    expect(code(() => decideVote(state, command))).toBe(expected);
  });

  it.each<[string, CastVote, string]>([
    ['by the requester', behalf('engineer', 'boss'), 'approver_is_requester'],
    ['for the requester', behalf('deputy', 'engineer'), 'approver_is_requester'],
    [
      'for another account of the requester',
      behalf('deputy', 'x', { onBehalfOf: { delegation: 'd', person: person('x', '4711') } }),
      'approver_is_requester',
    ],
    ['with roles that nobody needs', behalf('deputy', 'boss', { roles: ['clerk'] }), 'approver_not_eligible'],
    ['by a machine', behalf('robot', 'boss', { isMachine: true }), 'approver_not_eligible'],
    [
      'through the agent of the request',
      behalf('deputy', 'boss', { client: 'agent' }),
      'approver_not_eligible',
    ],
    ['without the digest', behalf('deputy', 'boss', { digest: undefined }), 'digest_mismatch'],
  ])('%s is refused', (_, command, expected) => {
    expect(code(() => decideVote(PENDING, command))).toBe(expected);
  });
});
