import { CountersignError } from '#core/errors.js';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { isTerminal } from '#mcp/tasks.js';
import type { CallAnswer } from '#mcp/upstream/upstream.types.js';
import type { CallRequest } from '../../call/call.js';
import type { Exchange } from '../../call/exchange.js';
import { handleCall, type Released } from '../../handle-call.js';
import { throughQuestions } from '../legacy/through-questions.js';
import { silentExchange } from '../silent-exchange.js';
import { aboutTask, type Carrying, jsonOf, memberBytes, taskIdOf } from './about-task.js';
import { newTaskId } from './new-task-id.js';
import { relatedExchange } from './related-exchange.js';
import { createdInLegacy, stateInLegacy } from './shown-task.js';

/** All of `tasks/result`, open questions counted; afterwards the client may look and ask again. */
const WAIT_MS_MAX = 10 * 60_000;
/** The server's own interval is kept to within these. */
const POLL_MS_MIN = 200;
const POLL_MS_MAX = 15_000;
const POLL_MS = 1_000;
/** A modern server may cancel later than it says; a legacy client is answered with the state after it. */
const CANCEL_LOOKS_MAX = 4;

/** A tool call for which a legacy client wants a task of a modern server; one that is done at once is kept as a task. */
export const startTask = async (
  { gateway, owner }: Carrying,
  call: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const released = await throughQuestions(gateway, call, exchange);
  const { bytes, input, kind } = released;
  if (kind === 'error') return released;
  if (input?.kind === 'task') {
    const taskId = newTaskId(gateway, owner, call, { taskId: input.taskId ?? '' });
    return { ...released, shown: createdInLegacy(jsonOf(bytes), taskId) };
  }
  const kept = gateway.keptResults.keep(owner, bytes);
  const taskId = newTaskId(gateway, owner, call, { taskId: kept.taskId, keptBy: gateway.instance });
  return { ...released, shown: createdInLegacy(kept, taskId) };
};

/** `tasks/get` of a legacy client at a modern server. */
export const getTask = async (
  { gateway }: Carrying,
  call: CallRequest,
  exchange: Exchange,
): Promise<Released> => stateOf(call, await handleCall(gateway, call, exchange));

const stateOf = (call: CallRequest, look: Released): Released =>
  look.kind === 'error'
    ? look
    : { ...look, shown: stateInLegacy(jsonOf(look.bytes), call.shownTaskId ?? '') };

/**
 * `tasks/cancel` of a legacy client at a modern server, which acknowledges and cancels when it likes. The legacy answer is
 * the task afterwards, and a task that has ended cannot be cancelled (MCP 2025-11-25 basic/utilities/tasks).
 * @throws CountersignError params_invalid
 */
export const cancelTask = async (
  carrying: Carrying,
  call: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const { gateway } = carrying;
  const get = aboutTask(carrying, call, 'tasks/get', { taskId: taskIdOf(call) });
  const before = await handleCall(gateway, get, exchange);
  if (before.kind === 'error') return before;
  if (isTerminal(jsonOf(before.bytes))) throw new CountersignError('params_invalid', 'the task has ended');
  const cancelled = await handleCall(gateway, call, exchange);
  if (cancelled.kind === 'error') return cancelled;
  for (let looks = 1; ; looks++) {
    const after = await handleCall(gateway, get, exchange);
    const isOver = after.kind === 'error' || isTerminal(jsonOf(after.bytes)) || looks >= CANCEL_LOOKS_MAX;
    if (isOver) return stateOf(call, after);
    await pause(POLL_MS_MIN, exchange.cancelled);
  }
};

/**
 * `tasks/result` of a legacy client at a modern server, which has no such method: a call that the gateway answers itself,
 * out of calls of `tasks/get`, and of `tasks/update` with what the client answered on the stream.
 */
export const resultOf = (carrying: Carrying, call: CallRequest, exchange: Exchange): Promise<Released> => {
  const answer = (asking: Exchange) =>
    waitForEnd(carrying, call, relatedExchange(asking, { taskId: undefined, shown: call.shownTaskId }));
  return handleCall(carrying.gateway, { ...call, here: { deadline_ms: WAIT_MS_MAX, answer } }, exchange);
};

const waitForEnd = async (carrying: Carrying, call: CallRequest, exchange: Exchange): Promise<CallAnswer> => {
  const { gateway } = carrying;
  const taskId = taskIdOf(call);
  const run = (method: 'tasks/get' | 'tasks/update', more: JsonObject = {}): Promise<Released> => {
    const about = aboutTask(carrying, call, method, { taskId, ...more });
    return handleCall(gateway, { ...about, within: true }, silentExchange(exchange.cancelled));
  };
  const until = performance.now() + WAIT_MS_MAX;
  const answered = new Set<string>();
  while (performance.now() < until) {
    const look = await run('tasks/get');
    if (look.kind === 'error') return look;
    const task = jsonOf(look.bytes);
    if (isTerminal(task)) return endOf(task, look.bytes);
    const inputResponses = await answersTo(task, answered, exchange);
    if (inputResponses === undefined) {
      exchange.openStream();
      exchange.keepAlive();
      await pause(pollOf(task), exchange.cancelled);
      continue;
    }
    const updated = await run('tasks/update', { inputResponses });
    if (updated.kind === 'error') return updated;
  }
  throw new CountersignError('upstream_timeout', 'the task goes on; ask for its result again');
};

const endOf = ({ status }: JsonObject, bytes: Uint8Array): CallAnswer => {
  if (status === 'cancelled') throw new CountersignError('call_cancelled', 'the task was cancelled');
  const kind = status === 'completed' ? 'result' : 'error';
  const end = memberBytes(bytes, kind);
  if (end === undefined)
    throw new CountersignError('upstream_invalid', `a ${String(status)} task without ${kind}`);
  return { kind, bytes: end };
};

/** Answers of the client to what it was not asked before; undefined when there is nothing new. As masked: what was released. */
const answersTo = async (
  { status, inputRequests }: JsonObject,
  answered: Set<string>,
  exchange: Exchange,
): Promise<JsonObject | undefined> => {
  if (status !== 'input_required' || !isJsonObject(inputRequests)) return undefined;
  const fresh = Object.entries(inputRequests).filter(([key]) => !answered.has(key));
  if (fresh.length === 0) return undefined;
  const answers: { [key: string]: Json } = {};
  for (const [key, question] of fresh) {
    const { method, params } = isJsonObject(question) ? question : {};
    const answer = await exchange.ask({
      method: String(method),
      paramsBytes: Buffer.from(JSON.stringify(params ?? {})),
      signal: exchange.cancelled,
    });
    if (answer.kind === 'error') throw new CountersignError('question_unanswered', 'the client declined');
    answers[key] = jsonOf(answer.bytes);
    answered.add(key);
  }
  return answers;
};

const pollOf = ({ pollIntervalMs }: JsonObject): number =>
  Math.min(Math.max(typeof pollIntervalMs === 'number' ? pollIntervalMs : POLL_MS, POLL_MS_MIN), POLL_MS_MAX);

/** @throws CountersignError call_cancelled */
const pause = (wait_ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const aborted = (): void => {
      clearTimeout(timer);
      reject(new CountersignError('call_cancelled'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    }, wait_ms);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
  });
