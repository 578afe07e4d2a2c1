import type { KnownApproval } from '#core/approval/approval.state.js';
import { demandDefect, wantSame } from '#core/approval/demand.js';
import { grantDefect } from '#core/approval/sound-grant.js';
import type { CallDecided, CallHeld, CallRequested, ForwardIntended } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent } from '#core/evidence/read-entry.js';

const last = <Event extends { readonly type: string }>(
  entries: readonly Entry[],
  type: Event['type'],
): Event | undefined => {
  const found = entries.findLast((entry) => entry.type === type);
  return found && asEvent<Event>(found);
};

/** What policy had answered when the call asked for its approval. */
export const wantedOf = (call: readonly Entry[]): CallDecided['data']['decision'] | undefined => {
  const asking = call.find(({ type }) => type === 'CallDecided');
  return asking && asEvent<CallDecided>(asking).data.decision;
};

/**
 * May the held call whose stream is given, with the entries that are to follow in it, be forwarded under this approval? The
 * ingress has made the digest again, arguments included; the ledger takes no word for it, and compares once more what
 * stands in clear: that the grant is one, that people were asked for what policy wants, then and now, and that the approval is of
 * this caller, this target, this policy and this mask.
 * @throws CountersignError approval_stale
 */
export const checkApproved = (approval: KnownApproval, call: readonly Entry[]): void => {
  const refuse = (why: string): never => {
    throw new CountersignError('approval_stale', why);
  };
  const defect = grantDefect(approval);
  if (defect !== undefined) refuse(`the approval is none: ${defect}`);
  const { request } = approval;
  const wanted = wantedOf(call) ?? refuse('the call is not decided');
  const otherwise = demandDefect(request, wanted);
  if (otherwise !== undefined) refuse(otherwise);
  const requested = last<CallRequested>(call, 'CallRequested')?.data ?? refuse('the call is not on record');
  const decided = last<CallDecided>(call, 'CallDecided')?.data ?? refuse('the call is not decided');
  const { caller } = requested;
  const isOfCaller =
    caller.issuer === request.requester.issuer &&
    caller.subject === request.requester.subject &&
    caller.client === request.requester.client;
  if (!isOfCaller) refuse('the approval is of another caller');
  const isOfTarget =
    requested.server === request.server &&
    requested.tool === request.tool &&
    (requested.toolDigest === null || requested.toolDigest === request.toolDigest) &&
    last<ForwardIntended>(call, 'ForwardIntended')?.data.server === request.server;
  if (!isOfTarget) refuse('the approval is of another target');
  const held = last<CallHeld>(call, 'CallHeld')?.data ?? refuse('the call is not held');
  if (held.digest !== request.digest) refuse('the call was held for another digest');
  if (held.expiresAt !== request.expiresAt) refuse('the call was held until another end');
  if (decided.policyDigest !== request.policyDigest || decided.profileDigest !== request.profileDigest)
    refuse('it was approved under another policy');
  if (decided.decision.effect === 'approval' && !wantSame(wanted, decided.decision))
    refuse('policy asks for another approval now');
};
