import { type ApprovalEvent, type Person } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import { samePerson } from '#core/approval/decide-approval.js';
import type { CallDecided, CallEvent, CallRepeated, ForwardIntended } from '#core/call/call.events.js';
import { type CallState, evolveCall, NO_CALL } from '#core/call/evolve-call.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { StoredEvent } from '#event-store/event-store.js';
import { GRANT_USES, QUORUM } from './people.js';

const ENDS: ReadonlySet<string> = new Set(['ApprovalDenied', 'ApprovalExpired', 'ApprovalWithdrawn']);

const FOLLOW_GRANT: ReadonlySet<string> = new Set([...ENDS, 'GrantUsed', 'GrantRevoked']);

export interface History {
  readonly calls: ReadonlyMap<string, CallState>;
  readonly approvals: ReadonlyMap<string, ApprovalState>;
  /** Approvals that the call which asked for them was forwarded under. */
  readonly used: ReadonlySet<string>;
  /** Calls that ran under a grant beside those. */
  readonly granted: number;
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
  const grants = new Grants();
  const states = new Set<string>();
  let active: unknown;
  for (const { stream, entry: bytes } of events) {
    const entry = readEntry(bytes);
    const id = stream.slice(stream.indexOf('-') + 1);
    if (entry.type === 'PolicyActivated') active = entry.data['digest'];
    if (stream.startsWith('call-')) {
      const event = asEvent<CallEvent>(entry);
      calls.set(id, evolveCall(calls.get(id) ?? NO_CALL, event));
      if (event.type === 'CallRepeated') takeState(states, id, event);
      if (event.type === 'CallDecided') decided.set(id, event.data);
      const isLet = event.type === 'ForwardIntended' || event.type === 'CallHeld';
      if (isLet && decided.get(id)?.policyDigest !== active)
        throw new Error('forwarded or held by a policy that was not active');
      if (event.type === 'ForwardIntended') {
        const { approvalId, grantKey } = event.data;
        if (approvalId === null) throw new Error('forwarded under no approval');
        const approval = approvals.get(approvalId) ?? NO_APPROVAL;
        const digest = decided.get(id)?.policyDigest;
        if (grantKey !== undefined) grants.forward(approvalId, id, approval, digest);
        else {
          if (used.has(approvalId)) throw new Error('forwarded twice under one approval');
          used.add(approvalId);
          checkForward(entry, event, approval, digest);
        }
      }
    }
    if (stream.startsWith('approval-')) {
      if (used.has(id) && ENDS.has(entry.type)) throw new Error(`${entry.type} of a used approval`);
      const approval = approvals.get(id) ?? NO_APPROVAL;
      if (entry.type === 'GrantUsed') grants.take(id, entry, approval);
      approvals.set(id, advance(approval, entry));
    }
  }
  return { calls, approvals, used, granted: grants.forwards };
};

/** What a client was given to come back with counts once. */
const takeState = (used: Set<string>, callId: string, { data: { after } }: CallRepeated): void => {
  if (after === undefined) return;
  const state = `${callId} ${after}`;
  if (used.has(state)) throw new Error('a state was used twice');
  used.add(state);
};

/** Uses of grants: each call has one, taken while the grant stood, before the call ran. */
class Grants {
  forwards = 0;
  private readonly taken = new Map<string, string>();
  private readonly ran = new Set<string>();

  take(approvalId: string, { data, time }: Entry, approval: ApprovalState): void {
    const callId = String(data['callId']);
    if (approval.status !== 'granted')
      throw new Error(`a grant was used while its approval was ${approval.status}`);
    if (approval.grant === undefined || approval.grant.revoked !== undefined)
      throw new Error('a grant was used that nobody gave, or that was revoked');
    if (time >= approval.grant.until) throw new Error('a grant was used after its time');
    if (this.taken.has(callId)) throw new Error('a call has used a grant twice');
    this.taken.set(callId, approvalId);
    // The call that asked is the first of them.
    const uses = [...this.taken.values()].filter((each) => each === approvalId).length + 1;
    if (uses > GRANT_USES) throw new Error(`a grant was used ${uses} times`);
  }

  forward(
    approvalId: string,
    callId: string,
    approval: ApprovalState,
    policyDigest: string | undefined,
  ): void {
    if (this.taken.get(callId) !== approvalId) throw new Error('forwarded under a grant without a use of it');
    if (this.ran.has(callId)) throw new Error('forwarded twice under one grant');
    if (approval.status === 'none') throw new Error('forwarded under the grant of nothing');
    if (approval.request.policyDigest !== policyDigest)
      throw new Error('forwarded under another policy than was approved');
    checkQuorum(approval);
    this.ran.add(callId);
    this.forwards += 1;
  }
}

const checkForward = (
  { time }: Entry,
  { data: { approvalId } }: ForwardIntended,
  approval: ApprovalState,
  policyDigest: string | undefined,
): void => {
  if (approval.status !== 'granted') throw new Error(`forwarded while its approval was ${approval.status}`);
  const { callId, expiresAt, policyDigest: approved } = approval.request;
  if (callId !== approvalId) throw new Error('forwarded under the approval of another call');
  if (time >= expiresAt) throw new Error('forwarded after the expiry');
  if (policyDigest !== approved) throw new Error('forwarded under another policy than was approved');
  checkQuorum(approval);
};

const checkQuorum = (approval: Exclude<ApprovalState, { status: 'none' }>): void => {
  const { requester } = approval.request;
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
  const mayFollow =
    state.status === 'pending' || (state.status === 'granted' && FOLLOW_GRANT.has(event.type));
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
