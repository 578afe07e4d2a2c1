import {
  type CallCompleted,
  type CallContinued,
  type CallDecided,
  type CallRequested,
  callStream,
  type ForwardIntended,
} from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent } from '#core/evidence/read-entry.js';

/** The first append of a call that continues another: its request, the decision and the intent. */
export interface Continuation {
  readonly callId: string;
  readonly requested: CallRequested['data'];
  readonly decided: CallDecided['data'];
  readonly approvalId: string;
}

const last = <Event extends { readonly type: string }>(
  entries: readonly Entry[],
  type: Event['type'],
): Event | undefined => {
  const found = entries.findLast((entry) => entry.type === type);
  return found && asEvent<Event>(found);
};

/** The continuation that an append asks for; undefined when its forward must have an approval of its own. */
export const continuationIn = (entries: readonly Entry[], approvalId: string): Continuation | undefined => {
  const request = entries.find((entry) => entry.type === 'CallRequested');
  const decided = last<CallDecided>(entries, 'CallDecided');
  if (request === undefined || decided === undefined) return undefined;
  const requested = asEvent<CallRequested>(request).data;
  if (requested.continues === undefined) return undefined;
  // By the stream it stands in: what else an entry says of its call is the word of its writer.
  return {
    callId: request.stream.slice(callStream('').length),
    requested,
    decided: decided.data,
    approvalId,
  };
};

/**
 * May the call whose stream is given be continued by this one under its approval? It must have been forwarded under
 * that approval, have ended by asking for input, be the same caller's call of the same thing, under the same policy,
 * mask and description, and not have been continued by another call. Not checked here, because the arguments are
 * sealed: that they are the approved ones; the ingress compares them before it asks.
 * @returns whether this very continuation is on record already, from an append that failed behind it
 * @throws CountersignError approval_stale
 */
export const checkContinuation = (
  continued: readonly Entry[],
  by: Continuation,
): { readonly isClaimed: boolean } => {
  const refuse = (why: string): never => {
    throw new CountersignError('approval_stale', `the continued call ${why}`);
  };
  const requested = last<CallRequested>(continued, 'CallRequested')?.data ?? refuse('is not on record');
  const decided = last<CallDecided>(continued, 'CallDecided')?.data;
  if (last<ForwardIntended>(continued, 'ForwardIntended')?.data.approvalId !== by.approvalId)
    refuse('did not run under this approval');
  if (last<CallCompleted>(continued, 'CallCompleted')?.data.outcome !== 'input_required')
    refuse('did not end by asking for input');
  if (!isSameCall(requested, by.requested)) refuse('was another call, or of another caller');
  if (decided?.policyDigest !== by.decided.policyDigest || decided.profileDigest !== by.decided.profileDigest)
    refuse('was approved under another policy');
  const claimedBy = last<CallContinued>(continued, 'CallContinued')?.data.by;
  if (claimedBy !== undefined && claimedBy !== by.callId) refuse('was continued before');
  return { isClaimed: claimedBy !== undefined };
};

/** The same person and client, aiming at the same thing as it was described then. */
export const isSameCall = (one: CallRequested['data'], other: CallRequested['data']): boolean =>
  one.caller.issuer === other.caller.issuer &&
  one.caller.subject === other.caller.subject &&
  one.caller.client === other.caller.client &&
  one.server === other.server &&
  one.tool === other.tool &&
  one.toolDigest === other.toolDigest &&
  (one.method ?? 'tools/call') === (other.method ?? 'tools/call');
