import {
  type GrantState,
  type KnownApproval,
  type Review,
  requirementsNow,
} from '#core/approval/approval.state.js';
import type { GrantAsked } from '#core/approval/grant.js';
import type { Listed } from '#core/approval/listed.js';

/** An approval as it is shown to those who may see it; `shown` are the masked arguments. */
export const approvalView = ({ approvalId, approval, requestedAt }: Listed, shown: unknown) => {
  const { request, votes, status, reason, grant } = approval;
  return {
    id: approvalId,
    status,
    digest: request.digest,
    callId: request.callId,
    requester: request.requester,
    server: request.server,
    tool: request.tool,
    arguments: shown,
    reasons: request.rules,
    votes: votes.map((vote) => ({
      approver: vote.approver.principal,
      ...(vote.onBehalfOf && { onBehalfOf: vote.onBehalfOf.person.principal }),
      vote: vote.vote,
      reason: vote.reason,
    })),
    quorum: requirementsNow(approval),
    distinct: request.distinct ?? false,
    requestedAt,
    expiresAt: request.expiresAt,
    ...(request.grant !== undefined && { grant: grantView(request.grant, grant) }),
    ...(reason === undefined ? {} : { reason }),
    ...emergencyView(approval),
  };
};

/** How far the approval reaches beyond its own call, and once it is granted, what is left of that. */
const grantView = ({ uses, for_s, same, limits }: GrantAsked, granted: GrantState | undefined) => ({
  uses,
  for_s,
  same,
  limits,
  used: granted?.used ?? 0,
  ...(granted !== undefined && { until: granted.until }),
  ...(granted?.revoked !== undefined && {
    revoked: { by: granted.revoked.by.principal, reason: granted.revoked.reason },
  }),
});

const emergencyView = ({ request, breakers, how, review }: KnownApproval) => ({
  ...(request.breakGlass && {
    breakGlass: {
      ...request.breakGlass,
      invoked: breakers.map(({ by, reason }) => ({ by: by.principal, reason })),
    },
  }),
  ...(how && { how }),
  ...(review && { review: { by: review.by, dueAt: review.dueAt, ...reviewStanding(review) } }),
});

const reviewStanding = ({ given, isOverdue }: Review) =>
  given === undefined
    ? { status: isOverdue ? 'overdue' : 'due' }
    : { status: given.verdict, reviewer: given.reviewer.principal, reason: given.reason };

export type ApprovalView = ReturnType<typeof approvalView>;
