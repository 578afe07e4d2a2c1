import { CountersignError } from '../errors.js';
import type { Digest } from '../hash.js';
import type {
  ApprovalDenied,
  ApprovalEvent,
  ApprovalRequested,
  ApprovalVoted,
  Person,
  Requirement,
} from './approval.events.js';
import type { ApprovalState, KnownApproval } from './approval.state.js';

export interface CastVote {
  readonly vote: 'approve' | 'deny';
  readonly approver: Person;
  readonly roles: readonly string[];
  /** True for client-credentials tokens: an agent or service, never a human. */
  readonly isMachine: boolean;
  readonly digest: string | undefined;
  readonly reason: string | undefined;
  readonly now: string;
}

const samePerson = (a: Person, b: Person): boolean => a.issuer === b.issuer && a.subject === b.subject;

/** Every requirement needs `count` distinct humans with one of its roles; one vote may serve several requirements. */
export const quorumMet = (
  requirements: readonly Requirement[],
  votes: readonly ApprovalVoted['data'][],
): boolean =>
  requirements.every(
    ({ by, count }) =>
      votes.filter((vote) => vote.vote === 'approve' && vote.roles.some((role) => by.includes(role)))
        .length >= count,
  );

/** An expiry at the very instant counts as expired. */
export const hasExpired = (expiresAt: string, now: string): boolean =>
  Date.parse(now) >= Date.parse(expiresAt);

/** The request itself, once: a second one for the same approval is a no-op. */
export const decideRequest = (
  state: ApprovalState,
  request: Omit<ApprovalRequested, 'type' | 'v'>,
): readonly ApprovalEvent[] =>
  state.status === 'none' ? [{ type: 'ApprovalRequested', v: 1, ...request }] : [];

/**
 * A human's vote. The digest must be the one shown; the requester, a machine, a second vote of the same human and
 * anybody without a named role are refused. One denial ends it.
 * @throws CountersignError approval_unknown, approval_closed, approval_expired, digest_mismatch, approver_is_requester,
 *   approver_not_eligible, approver_voted_already, reason_missing
 */
export const decideVote = (state: ApprovalState, command: CastVote): readonly ApprovalEvent[] => {
  const approval = open(state, command.now);
  const { request, votes } = approval;
  if (command.digest !== request.digest) throw new CountersignError('digest_mismatch');
  if (samePerson(command.approver, request.requester)) throw new CountersignError('approver_is_requester');
  const eligible = request.requirements.some(({ by }) => command.roles.some((role) => by.includes(role)));
  if (command.isMachine || !eligible)
    throw new CountersignError('approver_not_eligible', eligibleRoles(request.requirements));
  if (votes.some((vote) => samePerson(vote.approver, command.approver)))
    throw new CountersignError('approver_voted_already');
  const reason = command.reason?.trim() ?? '';
  if (command.vote === 'deny' && reason === '') throw new CountersignError('reason_missing');
  const voted: ApprovalVoted = {
    type: 'ApprovalVoted',
    v: 1,
    data: {
      vote: command.vote,
      approver: command.approver,
      roles: command.roles,
      digest: command.digest as Digest,
      reason,
    },
  };
  if (command.vote === 'deny') {
    const denied: ApprovalDenied = { type: 'ApprovalDenied', v: 1, data: { reason } };
    return [voted, denied];
  }
  return quorumMet(request.requirements, [...votes, voted.data])
    ? [voted, { type: 'ApprovalGranted', v: 1, data: { digest: request.digest } }]
    : [voted];
};

/** Due or later: ends a pending or unused granted approval. Earlier, or already ended: nothing. */
export const decideExpiry = (state: ApprovalState, now: string): readonly ApprovalEvent[] =>
  (state.status === 'pending' || state.status === 'granted') && hasExpired(state.request.expiresAt, now)
    ? [{ type: 'ApprovalExpired', v: 1, data: { expiresAt: state.request.expiresAt } }]
    : [];

/** By the requester's side: a cancelled call needs no approval any more. */
export const decideWithdrawal = (state: ApprovalState, reason: string): readonly ApprovalEvent[] =>
  state.status === 'pending' || state.status === 'granted'
    ? [{ type: 'ApprovalWithdrawn', v: 1, data: { reason } }]
    : [];

const open = (state: ApprovalState, now: string): KnownApproval => {
  if (state.status === 'none') throw new CountersignError('approval_unknown');
  if (state.status !== 'pending') throw new CountersignError('approval_closed', `it is ${state.status}`);
  if (hasExpired(state.request.expiresAt, now)) throw new CountersignError('approval_expired');
  return state;
};

const eligibleRoles = (requirements: readonly Requirement[]): string =>
  `eligible: ${[...new Set(requirements.flatMap(({ by }) => by))].sort().join(', ')}`;
