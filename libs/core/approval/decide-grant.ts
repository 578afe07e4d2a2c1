import { CountersignError } from '../errors.js';
import type { ApprovalEvent, GrantUsed, Person } from './approval.events.js';
import {
  type ApprovalState,
  type GrantState,
  type KnownApproval,
  requirementsNow,
} from './approval.state.js';
import { hasExpired, samePerson } from './decide-approval.js';
import { rolesNamed } from './requirement.js';

/** Why no further call may run under this approval; undefined when one may. */
export const grantObstacle = (
  { status, request, grant }: KnownApproval,
  { now, ownCallRan }: { readonly now: string; readonly ownCallRan: boolean },
): string | undefined => {
  if (status !== 'granted' && status !== 'used') return `approval is ${status}`;
  if (grant === undefined || request.grant === undefined) return 'the approval is for one call';
  if (grant.revoked !== undefined) return 'the grant was revoked';
  if (hasExpired(grant.until, now)) return 'the time of the grant is over';
  // An approval whose own call did not run in time is expired, on record or not yet.
  if (!ownCallRan && hasExpired(request.expiresAt, now)) return 'the approval expired before its call ran';
  if (grant.used >= request.grant.uses) return `all ${request.grant.uses} uses of the grant are taken`;
  return undefined;
};

export interface UseGrant {
  readonly callId: string;
  readonly key: string | undefined;
  /** Whether the call that asked was forwarded. */
  readonly ownCallRan: boolean;
  readonly now: string;
}

/** One further call under a grant. @throws CountersignError approval_stale */
export const decideGrantUse = (state: ApprovalState, { callId, key, ...at }: UseGrant): GrantUsed => {
  if (state.status === 'none') throw new CountersignError('approval_stale', 'there is no such approval');
  const obstacle = grantObstacle(state, at);
  if (obstacle !== undefined) throw new CountersignError('approval_stale', obstacle);
  if (key === undefined || key !== state.request.grant?.key)
    throw new CountersignError('approval_stale', 'the grant covers other calls');
  return { type: 'GrantUsed', v: 1, data: { callId, use: (state.grant?.used ?? 0) + 1 } };
};

export interface RevokeGrant {
  readonly by: Person;
  readonly roles: readonly string[];
  readonly isMachine: boolean;
  readonly reason: string;
  /** Whether the call that asked was forwarded. If not, the approval is withdrawn with its grant: nothing runs under it. */
  readonly ownCallRan: boolean;
}

/**
 * By the requester, whoever approved it, or whoever could approve it now.
 * @throws CountersignError approval_unknown, approver_not_eligible, approval_closed
 */
export const checkRevocation = (
  state: ApprovalState,
  { by, roles, isMachine }: Pick<RevokeGrant, 'by' | 'roles' | 'isMachine'>,
): KnownApproval & { readonly grant: GrantState } => {
  if (state.status === 'none') throw new CountersignError('approval_unknown');
  const { request, votes, grant } = state;
  const named = rolesNamed(requirementsNow(state));
  const may =
    samePerson(request.requester, by) ||
    votes.some(({ vote, approver }) => vote === 'approve' && samePerson(approver, by)) ||
    (!isMachine && named.some((role) => roles.includes(role)));
  if (!may)
    throw new CountersignError('approver_not_eligible', 'the requester, its approvers and these roles may');
  if (
    grant === undefined ||
    grant.revoked !== undefined ||
    (state.status !== 'granted' && state.status !== 'used')
  )
    throw new CountersignError('approval_closed', 'it has no grant that could be revoked');
  return { ...state, grant };
};

/** @throws CountersignError of `checkRevocation` */
export const decideRevocation = (state: ApprovalState, command: RevokeGrant): readonly ApprovalEvent[] => {
  const { by, reason, ownCallRan } = command;
  checkRevocation(state, command);
  return [
    { type: 'GrantRevoked', v: 1, data: { by, reason } },
    ...(ownCallRan ? [] : [{ type: 'ApprovalWithdrawn', v: 1, data: { reason } } as const]),
  ];
};
