import { type CountersignError, ERRORS, type ErrorCode } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { RequestId } from '#mcp/frame.js';
import { errorFrame, resultFrame } from '#mcp/frame-write.js';
import type { CallRequest } from '../call/call.js';
import { ApprovalPending } from '../call/waiting/approval-pending.js';

/**
 * Refusals that belong to the tool call itself: the model should read them, so they are results with isError (MCP
 * server/tools, error handling).
 */
const AS_TOOL_RESULT: ReadonlySet<ErrorCode> = new Set([
  'call_denied',
  'tool_held',
  'approval_denied',
  'approval_expired',
  'approval_pending',
  'approval_stale',
  'repeated_too_often',
  'revision_conflict',
  'outcome_unknown',
  'masking_blocked',
  'question_denied',
  'question_unanswered',
  'upstream_unavailable',
  'upstream_timeout',
  'upstream_invalid',
  'result_too_large',
]);

const RETRY_AFTER_MS = 5_000;

/** How a refused call is answered: tools have results for it, everything else has errors. */
export const refusedCallFrame = (
  id: RequestId,
  { method, taskFor }: Pick<CallRequest, 'method' | 'taskFor'>,
  era: 'legacy' | 'modern',
  error: CountersignError,
): Uint8Array => {
  const { code, detail } = error;
  const pending: JsonObject =
    error instanceof ApprovalPending
      ? { approvalId: error.held.approvalId, expiresAt: error.held.expiresAt, retryAfterMs: RETRY_AFTER_MS }
      : {};
  // A legacy client that asked for a task takes no other result (2025-11-25 basic/utilities/tasks, result retrieval).
  const wantsTask = era === 'legacy' && taskFor === 'client';
  if (method !== 'tools/call' || wantsTask || !AS_TOOL_RESULT.has(code))
    return errorFrame(id, code, detail, pending);
  return resultFrame(id, Buffer.from(JSON.stringify(refusalResult(era, error, pending))));
};

/** A refusal as a tool result that the model reads. */
export const refusalResult = (
  era: 'legacy' | 'modern',
  { code, detail }: CountersignError,
  more: JsonObject = {},
): JsonObject => {
  const { says, next } = ERRORS[code];
  return {
    ...(era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text: `${says}${detail ? ` (${detail})` : ''} ${next} [${code}]` }],
    isError: true,
    _meta: { 'countersign/refusal': { code, next, ...more } },
  };
};
