import type { JsonObject } from '#core/evidence/canonical-json.js';
import { rewriteMembers } from '#mcp/rewrite-members.js';
import { legacyTask } from '#mcp/tasks.js';
import type { HeldCall } from '../../../call/waiting/approval-pending.js';
import { refusalResult } from '../../refusal-result.js';
import { MODERN_MEMBERS } from '../../shown-result.js';
import { jsonOf } from '../about-task.js';
import { resultOfTask } from '../shown-task.js';
import type { HeldTaskState } from './held-task.js';

const POLL_MS = 2_000;
/** What was approved at the last moment can still be fetched. */
const FETCH_MS = 3_600_000;

/** The task's members that both eras have, in the words of the tasks extension. */
export const taskOf = (
  taskId: string,
  { approvalId, expiresAt }: HeldCall,
  state: Pick<HeldTaskState, 'createdAt' | 'updatedAt' | 'status'>,
): JsonObject => ({
  taskId,
  status: STATUS[state.status],
  statusMessage:
    state.status === 'waiting' ? `waiting for approval ${approvalId} until ${expiresAt}` : SAYS[state.status],
  createdAt: state.createdAt,
  lastUpdatedAt: state.updatedAt,
  ttlMs: Math.max(0, Date.parse(expiresAt) - Date.parse(state.createdAt)) + FETCH_MS,
  pollIntervalMs: POLL_MS,
});

const STATUS = {
  waiting: 'working',
  running: 'working',
  released: 'completed',
  refused: 'completed',
  cancelled: 'cancelled',
  asks: 'input_required',
  'of server': 'working',
} as const satisfies Record<HeldTaskState['status'], string>;

const SAYS = {
  running: 'approved; the server has it',
  released: 'the server has answered',
  refused: 'refused',
  cancelled: 'cancelled',
  asks: 'the server asks for input',
  'of server': 'the server goes on with it',
} as const satisfies Record<Exclude<HeldTaskState['status'], 'waiting'>, string>;

/** Answer to `tasks/get` of the tasks extension (SEP-2663): the state, and inlined what it ended with or asks for. */
export const shownInModern = (taskId: string, held: HeldCall, state: HeldTaskState): Uint8Array => {
  const task = { resultType: 'complete', ...taskOf(taskId, held, state) };
  if (state.status === 'released' && state.kind === 'error')
    return bytesOf({ ...task, status: 'failed', error: jsonOf(state.bytes) });
  if (state.status === 'released') return bytesOf({ ...task, result: jsonOf(state.bytes) });
  if (state.status === 'refused') return bytesOf({ ...task, result: refusalResult('modern', state.refusal) });
  if (state.status === 'asks') return bytesOf({ ...task, inputRequests: state.asked['inputRequests'] ?? {} });
  return bytesOf(task);
};

/** The task as 2025-11-25 has it; what the server asks for can only be answered with the tasks extension. */
export const taskInLegacy = (taskId: string, held: HeldCall, state: HeldTaskState): JsonObject => {
  const task = taskOf(taskId, held, state);
  if (state.status === 'asks' || (state.status === 'released' && state.kind === 'error'))
    return legacyTask({ ...task, status: 'failed' });
  if (state.status === 'released') return legacyTask({ ...task, result: jsonOf(state.bytes) });
  if (state.status === 'refused')
    return legacyTask({ ...task, result: refusalResult('legacy', state.refusal) });
  return legacyTask(task);
};

/** What `tasks/result` of 2025-11-25 answers with once the task has ended well. */
export const resultInLegacy = (taskId: string, bytes: Uint8Array): Uint8Array =>
  rewriteMembers(resultOfTask(bytes, taskId), { remove: MODERN_MEMBERS });

const bytesOf = (members: JsonObject): Uint8Array => Buffer.from(JSON.stringify(members));
