import type { HoldEnded } from '../call/call.events.js';
import type { Entry } from '../evidence/entry.js';
import { knownEvent } from '../evidence/read-entry.js';
import type { ApprovalEvent } from './approval.events.js';
import { evolveApproval, type KnownApproval, NO_APPROVAL } from './approval.state.js';
import { openReview } from './break-glass.js';
import { grantObstacle } from './decide-grant.js';
import type { Decided, Reported } from './reports/reported.js';

/** An approval with what is known of the call that asked for it. */
export interface Listed {
  readonly approvalId: string;
  readonly approval: KnownApproval;
  /** Of its last event. */
  readonly revision: number;
  readonly requestedAt: string;
  /** Of what the approver is shown; it stays, sealed, in the log. */
  readonly shownCommit: `sha256:${string}`;
  /** False once the hold has ended: the call was forwarded, refused or cancelled. */
  readonly callOpen: boolean;
  /** Absent while it is pending. */
  readonly decided?: Decided;
}

const DECIDES: Readonly<Partial<Record<ApprovalEvent['type'], Decided['as']>>> = {
  ApprovalGranted: 'granted',
  ApprovalDenied: 'denied',
  ApprovalExpired: 'expired',
  ApprovalWithdrawn: 'withdrawn',
};

/**
 * With the next event of its stream. Events seen before, or ahead of a gap, change nothing. One of unknown version is such a
 * gap: the approval stays as it was known, and nobody can vote on it or forward under it.
 */
export const withEvent = (
  known: Listed | undefined,
  approvalId: string,
  entry: Entry,
): Listed | undefined => {
  if (entry.revision !== (known?.revision ?? -1) + 1) return known;
  const event = knownEvent<ApprovalEvent>(entry);
  if (event === undefined) return known;
  const approval = evolveApproval(known?.approval ?? NO_APPROVAL, event);
  if (approval.status === 'none') return known;
  const { revision, time, payload } = entry;
  const asked = { requestedAt: time, shownCommit: payload?.commit ?? ('sha256:' as const), callOpen: true };
  const as = known?.decided === undefined ? DECIDES[event.type] : undefined;
  return {
    approvalId,
    ...(known ?? asked),
    approval,
    revision,
    ...(as !== undefined && { decided: { as, at: time } }),
  };
};

/** The call waits no more: its approval is used up, or pointless. */
export const withHoldEnd = (listed: Listed, because: HoldEnded['data']['because']): Listed => {
  if (!listed.callOpen) return listed;
  const { approval } = listed;
  const status = because === 'granted' ? 'used' : approval.status;
  return { ...listed, callOpen: false, approval: { ...approval, status } };
};

/**
 * Whether nothing can come of it any more, for all time: no vote, no call under it, no timer and no review. Nobody needs to keep
 * it at hand; it is in the log.
 */
export const isSettled = ({ approval, callOpen }: Listed, now: string): boolean => {
  const isOpen = approval.status === 'pending' || approval.status === 'granted';
  if (isOpen || callOpen || openReview(approval) !== undefined) return false;
  return grantObstacle(approval, { now, ownCallRan: true }) !== undefined;
};

/** What reports say of it. */
export const reportedOf = ({ approvalId, approval, requestedAt, decided }: Listed): Reported => {
  const { requester, server, tool, expiresAt } = approval.request;
  return {
    id: approvalId,
    requester,
    server,
    tool,
    requestedAt,
    expiresAt,
    votes: [
      ...approval.votes,
      ...approval.breakers.map(({ by }) => ({ vote: 'approve' as const, approver: by })),
    ],
    ...(decided && { decided }),
  };
};
