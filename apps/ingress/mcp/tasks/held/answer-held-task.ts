import { approvalWithdraw } from '#contracts/approval.js';
import type { GovernedMethod } from '#core/call/target.js';
import { CountersignError } from '#core/errors.js';
import { errorFrame, rawErrorFrame, resultFrame } from '#mcp/frame-write.js';
import type { HeldCall } from '../../../call/waiting/approval-pending.js';
import type { Gateway } from '../../../gateway.js';
import type { TaskHandle } from '../../handles.js';
import { type HttpReply, httpReply } from '../../http-reply.js';
import type { McpRequest } from '../../mcp-request.js';
import { refusalResult } from '../../refusal-result.js';
import { type HeldTaskState, readHeldTask } from './held-task.js';
import { continueHeldTask, resumeHeldTask } from './run-held-task.js';
import { resultInLegacy, shownInModern, taskInLegacy } from './shown-held-task.js';

/** All of `tasks/result`; afterwards the client may ask again. */
const RESULT_MS_MAX = 10 * 60_000;
const LOOK_MS = 1_000;
const KEEP_ALIVE_LOOKS = 10;

type OfHeldCall = TaskHandle & Required<Pick<TaskHandle, 'held'>>;
export const isOfHeldCall = (task: TaskHandle | undefined): task is OfHeldCall => task?.held !== undefined;

export interface OfServer {
  readonly task: TaskHandle;
  readonly http?: HttpReply;
}

/**
 * Answers a request about the task of a held call. It is the gateway's own task, so policy has decided already and decides
 * again when the call is carried out; only who asks matters here, and the task's id is sealed to its owner.
 * @returns the server's own task, where the server has made one of the call: the request is about that one then, and is
 *   answered on `http` where a stream is open already
 * @throws CountersignError params_invalid, *_unavailable
 */
export const answerHeldTask = async (
  gateway: Gateway,
  mcp: McpRequest,
  method: GovernedMethod,
  { server, taskId: callId, held: bound }: OfHeldCall,
): Promise<OfServer | undefined> => {
  const held: HeldCall = { callId, ...bound };
  const { frame, post } = mcp;
  const shownId = String(frame.params['taskId']);
  let state = await lookAt(gateway, mcp, server, held, 0);
  if (method === 'tasks/cancel' && state.status === 'waiting') {
    await withdraw(gateway, held.approvalId);
    state = await readHeldTask(gateway, held, 0);
  }
  if (method === 'tasks/update' && state.status === 'asks') {
    await continueHeldTask(gateway, mcp, server, held, state);
    state = await readHeldTask(gateway, held, 0);
  }
  if (state.status === 'of server') return { task: { server, taskId: state.taskId } };
  if (method === 'tasks/result') {
    const leave = gateway.heldTasks.wait(mcp.owner);
    return sendResult(gateway, mcp, server, held, state).finally(leave);
  }
  const isAcknowledged = mcp.client.era === 'modern' && method !== 'tasks/get';
  const result = isAcknowledged
    ? ACKNOWLEDGED
    : mcp.client.era === 'modern'
      ? shownInModern(shownId, held, state)
      : Buffer.from(JSON.stringify(taskInLegacy(shownId, held, state)));
  await post.reply.header('content-type', 'application/json').send(resultFrame(frame.id, result));
  return undefined;
};

const ACKNOWLEDGED = Buffer.from('{"resultType":"complete"}');

/** A look at a granted call is what carries it out. */
const lookAt = async (
  gateway: Gateway,
  mcp: McpRequest,
  server: string,
  held: HeldCall,
  wait_ms: number,
): Promise<HeldTaskState> => {
  const state = await readHeldTask(gateway, held, wait_ms);
  const isCancel = mcp.frame.method === 'tasks/cancel';
  if (state.status !== 'waiting' || !state.isGranted || isCancel) return state;
  await resumeHeldTask(gateway, mcp, server, held);
  return readHeldTask(gateway, held, 0);
};

/** It may end in the same moment some other way, which the next look tells. */
const withdraw = async (gateway: Gateway, approvalId: string): Promise<void> => {
  const reason = 'the task was cancelled by its client';
  await gateway.bus.request(approvalWithdraw, { approvalId, reason }).catch((error: unknown) => {
    if (!(error instanceof CountersignError) || error.code !== 'approval_closed') throw error;
  });
};

/** `tasks/result` of 2025-11-25 answers when the task has ended (basic/utilities/tasks). */
const sendResult = async (
  gateway: Gateway,
  mcp: McpRequest,
  server: string,
  held: HeldCall,
  first: HeldTaskState,
): Promise<OfServer | undefined> => {
  const { frame, post } = mcp;
  const http = httpReply(post.request, post.reply);
  const until = performance.now() + RESULT_MS_MAX;
  let state = first;
  for (let look = 0; state.status === 'waiting' || state.status === 'running'; look++) {
    if (http.isGone()) return undefined;
    http.openStream();
    if (look % KEEP_ALIVE_LOOKS === 0) http.keepAlive();
    if (performance.now() > until) {
      http.finish(errorFrame(frame.id, 'approval_pending', 'ask for the result again'));
      return undefined;
    }
    if (state.status === 'running') await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    state = await lookAt(gateway, mcp, server, held, LOOK_MS).catch(() => state);
  }
  if (state.status === 'of server') return { task: { server, taskId: state.taskId }, http };
  http.finish(resultFrameOf(mcp, state));
  return undefined;
};

const resultFrameOf = ({ frame: { id, params } }: McpRequest, state: HeldTaskState): Uint8Array => {
  switch (state.status) {
    case 'released':
      return state.kind === 'error'
        ? rawErrorFrame(id, state.bytes)
        : resultFrame(id, resultInLegacy(String(params['taskId']), state.bytes));
    case 'refused':
      return resultFrame(id, Buffer.from(JSON.stringify(refusalResult('legacy', state.refusal))));
    case 'cancelled':
      return errorFrame(id, 'call_cancelled', state.reason);
    default:
      return errorFrame(id, 'question_unanswered', 'the server asks for input; call it without a task');
  }
};
