import { CountersignError } from '../errors.js';
import type {
  ApprovalEvent,
  ApprovalGranted,
  ApprovalReviewed,
  BreakGlassInvoked,
  Person,
  ReviewOverdue,
  ReviewRequired,
} from './approval.events.js';
import type { ApprovalState, KnownApproval } from './approval.state.js';
import {
  type Ballot,
  type CountedVote,
  checkVote,
  hasExpired,
  isMet,
  requirePending,
} from './decide-approval.js';

/** Somebody who acts in an emergency, or looks at it afterwards, with what their token says now. */
export interface ActsInEmergency {
  readonly person: Person;
  readonly roles: readonly string[];
  readonly isMachine: boolean;
  /** The OAuth client of the token; absent for one that people use for calls and approvals alike. */
  readonly client?: string | undefined;
  readonly reason: string | undefined;
  readonly now: string;
}

/**
 * One of the two humans whom policy lets grant a call in an emergency; with the second it is granted, and somebody else must
 * look at it in time. Four eyes as for every vote: neither is the requester, nor the agent, nor the other one.
 * @throws CountersignError break_glass_refused, reason_missing, and those of a vote
 */
export const decideBreakGlass = (
  state: ApprovalState,
  command: ActsInEmergency & { readonly digest: string | undefined },
): readonly ApprovalEvent[] => {
  const { request, breakers } = requirePending(state, command.now);
  const { breakGlass } = request;
  if (breakGlass === undefined) throw new CountersignError('break_glass_refused');
  const ballot: Ballot = {
    digest: request.digest,
    requester: request.requester,
    requirements: breakGlass.roles.map((role) => ({ by: [role], count: 1 })),
    distinct: true,
  };
  const earlier = breakers.map(asVote);
  const { approver, roles, digest, reason } = checkVote(ballot, earlier, asCast(command, command.digest));
  requireReason(reason, 'say what the emergency is');
  const invoked: BreakGlassInvoked = {
    type: 'BreakGlassInvoked',
    v: 1,
    data: { by: approver, roles, digest, reason },
  };
  if (!isMet(ballot, [...earlier, asVote(invoked.data)])) return [invoked];
  const granted: ApprovalGranted = { type: 'ApprovalGranted', v: 1, data: { digest, how: 'break-glass' } };
  const dueAt = new Date(Date.parse(command.now) + breakGlass.within_s * 1_000).toISOString();
  const review: ReviewRequired = { type: 'ReviewRequired', v: 1, data: { by: breakGlass.review, dueAt } };
  return [invoked, granted, review];
};

/**
 * What a human who neither asked nor broke the glass says of it afterwards, in time or late.
 * @throws CountersignError approval_unknown, review_not_open, reason_missing, and those of a vote
 */
export const decideReview = (
  state: ApprovalState,
  command: ActsInEmergency & { readonly verdict: ApprovalReviewed['data']['verdict'] },
): readonly ApprovalReviewed[] => {
  if (state.status === 'none') throw new CountersignError('approval_unknown');
  const { request, review, breakers } = state;
  if (review === undefined || review.given !== undefined) throw new CountersignError('review_not_open');
  const ballot: Ballot = {
    digest: request.digest,
    requester: request.requester,
    requirements: [{ by: review.by, count: 1 }],
  };
  const vote = checkVote(ballot, breakers.map(asVote), asCast(command, request.digest));
  requireReason(vote.reason, 'say what you found');
  const { approver: reviewer, roles, reason } = vote;
  const { verdict } = command;
  return [{ type: 'ApprovalReviewed', v: 1, data: { verdict, reviewer, roles, reason } }];
};

/** A review that is open and whose time has come, once. */
export const decideReviewOverdue = (state: ApprovalState, now: string): readonly ReviewOverdue[] => {
  const review = state.status === 'none' ? undefined : openReview(state);
  return review === undefined || review.isOverdue || !hasExpired(review.dueAt, now)
    ? []
    : [{ type: 'ReviewOverdue', v: 1, data: { dueAt: review.dueAt } }];
};

/** The review that somebody still owes. */
export const openReview = ({ review }: KnownApproval): KnownApproval['review'] =>
  review?.given === undefined ? review : undefined;

const asVote = ({ by, roles, digest, reason }: BreakGlassInvoked['data']): CountedVote => ({
  vote: 'approve',
  approver: by,
  roles,
  digest,
  reason,
});

const asCast = (
  { person, roles, isMachine, client, reason }: ActsInEmergency,
  digest: string | undefined,
) => ({ vote: 'approve' as const, approver: person, roles, isMachine, client, digest, reason });

const requireReason = (reason: string, say: string): void => {
  if (reason === '') throw new CountersignError('reason_missing', say);
};
