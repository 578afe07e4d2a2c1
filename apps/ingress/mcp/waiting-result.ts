import type { Digest } from '#core/hash.js';
import type { CallRequest } from '../call/call.js';
import type { ApprovalPending } from '../call/waiting/approval-pending.js';
import type { Gateway } from '../gateway.js';
import { sealInput } from './handles.js';
import { taskOf } from './tasks/held/shown-held-task.js';
import { newTaskId } from './tasks/new-task-id.js';
import { createdInLegacy } from './tasks/shown-task.js';

/**
 * What a client that follows tasks gets: a task, durable by now (SEP-2663; MCP 2025-11-25 basic/utilities/tasks).
 * What a client of the modern era gets that is to come back with a state: the state alone, without a question, since the one
 * who asked must not be the one who approves (MCP 2026-07-28 basic/patterns/mrtr). Undefined where the answer is a refusal.
 */
export const waitingResult = (
  gateway: Gateway,
  owner: Digest,
  call: CallRequest,
  { held: heldCall, offer }: ApprovalPending,
): Uint8Array | undefined => {
  const { callId, ...bound } = heldCall;
  if (offer.way === 'task') {
    const taskId = newTaskId(gateway, owner, call, { taskId: callId, held: bound });
    const now = gateway.now().toISOString();
    const task = taskOf(taskId, heldCall, { status: 'waiting', createdAt: now, updatedAt: now });
    return call.client.era === 'legacy'
      ? createdInLegacy(task, taskId)
      : Buffer.from(JSON.stringify({ resultType: 'task', ...task }));
  }
  if (offer.way !== 'round') return undefined;
  const { round, after } = offer;
  const { approvalId, digest, expiresAt } = bound;
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
