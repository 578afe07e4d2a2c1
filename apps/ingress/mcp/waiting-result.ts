import type { Digest } from '#core/hash.js';
import type { CallRequest } from '../call/call.js';
import type { ApprovalPending } from '../call/waiting/approval-pending.js';
import type { Gateway } from '../gateway.js';
import { sealInput } from './handles.js';

/**
 * What a client of the modern era gets that is to come back with a state: the state alone, without a question, since the one
 * who asked must not be the one who approves (MCP 2026-07-28 basic/patterns/mrtr). Undefined where the answer is a refusal.
 */
export const waitingResult = (
  gateway: Gateway,
  owner: Digest,
  call: CallRequest,
  { held: { callId, approvalId, digest, expiresAt }, offer }: ApprovalPending,
): Uint8Array | undefined => {
  if (offer.way !== 'round') return undefined;
  const { round, after } = offer;
  const held = { digest, expiresAt, round, after };
  const requestState = sealInput(gateway, owner, call, {
    callId,
    approvalId,
    parked: null,
    state: null,
    held,
  });
  return Buffer.from(JSON.stringify({ resultType: 'input_required', requestState }));
};
