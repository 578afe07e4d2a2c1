import { type ApprovalEvent, type Person } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import { samePerson } from '#core/approval/decide-approval.js';
import type { CallDecided, CallEvent, ForwardIntended } from '#core/call/call.events.js';
import { type CallState, evolveCall, NO_CALL } from '#core/call/evolve-call.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { StoredEvent } from '#event-store/event-store.js';
import { QUORUM } from './people.js';

const ENDS: ReadonlySet<string> = new Set(['ApprovalDenied', 'ApprovalExpired', 'ApprovalWithdrawn']);

export interface History {
  readonly calls: ReadonlyMap<string, CallState>;
  readonly approvals: ReadonlyMap<string, ApprovalState>;
  /** Approvals that a call was forwarded under. */
  readonly used: ReadonlySet<string>;
}

/**
 * Reads the log from its beginning, as somebody who trusts nobody does: every event must follow what was there, and every
 * forward must be right at its place. @throws Error that says what is wrong; IllegalTransition
 */
export const readHistory = (events: readonly StoredEvent[]): History => {
  const calls = new Map<string, CallState>();
  const approvals = new Map<string, ApprovalState>();
  const decided = new Map<string, CallDecided['data']>();
  const used = new Set<string>();
  for (const { stream, entry: bytes } of events) {
    const entry = readEntry(bytes);
    const id = stream.slice(stream.indexOf('-') + 1);
    if (stream.startsWith('call-')) {
      const event = asEvent<CallEvent>(entry);
      calls.set(id, evolveCall(calls.get(id) ?? NO_CALL, event));
      if (event.type === 'CallDecided') decided.set(id, event.data);
      if (event.type === 'ForwardIntended') {
        const { approvalId } = event.data;
        if (approvalId === null) throw new Error('forwarded under no approval');
        if (used.has(approvalId)) throw new Error('forwarded twice under one approval');
        used.add(approvalId);
        checkForward(entry, event, approvals.get(approvalId) ?? NO_APPROVAL, decided.get(id)?.policyDigest);
      }
    }
    if (stream.startsWith('approval-')) {
      if (used.has(id) && ENDS.has(entry.type)) throw new Error(`${entry.type} of a used approval`);
      approvals.set(id, advance(approvals.get(id) ?? NO_APPROVAL, entry));
    }
  }
  return { calls, approvals, used };
};

const checkForward = (
  { time }: Entry,
  { data: { approvalId } }: ForwardIntended,
  approval: ApprovalState,
  policyDigest: string | undefined,
): void => {
  if (approval.status !== 'granted') throw new Error(`forwarded while its approval was ${approval.status}`);
  const { callId, expiresAt, policyDigest: approved, requester } = approval.request;
  if (callId !== approvalId) throw new Error('forwarded under the approval of another call');
  if (time >= expiresAt) throw new Error('forwarded after the expiry');
  if (policyDigest !== approved) throw new Error('forwarded under another policy than was approved');
  const approvers = approval.votes.filter(({ vote }) => vote === 'approve').map((vote) => vote.approver);
  const humans = approvers.filter(
    (one, at) => !approvers.slice(0, at).some((other) => samePerson(one, other)),
  );
  if (humans.some((human) => samePerson(human, requester))) throw new Error('approved by its requester');
  if (humans.length < QUORUM) throw new Error(`forwarded with ${humans.length} approvals`);
};

/** The first end stands, nobody votes twice, and nothing but an end comes when the time is over. */
const advance = (state: ApprovalState, entry: Entry): ApprovalState => {
  const event = asEvent<ApprovalEvent>(entry);
  if (event.type === 'ApprovalRequested') {
    if (state.status !== 'none') throw new Error('asked for twice');
    return evolveApproval(state, event);
  }
  if (state.status === 'none') throw new Error(`${event.type} of nothing`);
  const mayFollow = state.status === 'pending' || (state.status === 'granted' && ENDS.has(event.type));
  if (!mayFollow) throw new Error(`${event.type} of an approval that is ${state.status}`);
  const isOver = entry.time >= state.request.expiresAt;
  if (event.type === 'ApprovalExpired' && !isOver) throw new Error('expired too early');
  if ((event.type === 'ApprovalVoted' || event.type === 'ApprovalGranted') && isOver)
    throw new Error(`${event.type} after the expiry`);
  if (event.type === 'ApprovalVoted') checkVoter(event.data.approver, state);
  return evolveApproval(state, event);
};

const checkVoter = (
  approver: Person,
  { request, votes }: Exclude<ApprovalState, { status: 'none' }>,
): void => {
  if (samePerson(approver, request.requester)) throw new Error('the requester has voted');
  if (votes.some((vote) => samePerson(vote.approver, approver))) throw new Error('somebody has voted twice');
};
