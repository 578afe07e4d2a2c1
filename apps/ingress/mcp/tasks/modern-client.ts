import { randomUUID } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { isTerminal } from '#mcp/tasks.js';
import type { CallRequest } from '../../call/call.js';
import type { Exchange } from '../../call/exchange.js';
import { handleCall, type Released } from '../../handle-call.js';
import type { ModernClient } from '../client.js';
import { shownError } from '../shown-error.js';
import { silentExchange } from '../silent-exchange.js';
import { aboutTask, type Carrying, jsonOf, taskIdOf } from './about-task.js';
import { relatedExchange } from './related-exchange.js';
import { resultOfTask, stateInModern } from './shown-task.js';
import { TaskQuestions } from './task-questions.js';
import type { WaitingTask } from './waiting-tasks.js';

/** Until the first question of a task that wants input has come; the client looks again anyway. */
const FIRST_QUESTION_MS = 1_000;
const ANSWER_MS = 1_000;
const NEVER = new AbortController().signal;

/**
 * `tasks/get` of a modern client at a legacy server (SEP-2663; MCP 2025-11-25 basic/utilities/tasks). What the one answers
 * at once the other says in parts: the state, the result behind `tasks/result`, and questions only while that is open.
 * Each part is a call of its own.
 */
export const getTask = async (
  carrying: Carrying,
  client: ModernClient,
  call: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const look = await handleCall(carrying.gateway, call, exchange);
  if (look.kind === 'error') return look;
  const task = jsonOf(look.bytes);
  const shownId = call.shownTaskId ?? '';
  if (isTerminal(task)) {
    const { state, inlined } = await outcomeOf(carrying, client, call, task, exchange.cancelled);
    return { ...look, shown: stateInModern(state, shownId, inlined) };
  }
  const questions = await questionsOf(carrying, client, call, task);
  const isAsked = Object.keys(questions).length > 0;
  const state = { ...task, status: isAsked ? 'input_required' : 'working' };
  const inlined = isAsked ? { inputRequests: JSON.stringify(questions) } : undefined;
  return { ...look, shown: stateInModern(state, shownId, inlined) };
};

interface Outcome {
  readonly state: JsonObject;
  readonly inlined?: Readonly<Record<string, string>>;
}

/** A task has failed only when the request has: an error of the tool is a result (SEP-2663, error handling). */
const outcomeOf = async (
  carrying: Carrying,
  client: ModernClient,
  call: CallRequest,
  task: JsonObject,
  cancelled: AbortSignal,
): Promise<Outcome> => {
  if (task['status'] === 'cancelled') return { state: task };
  const fetch = aboutTask(carrying, call, 'tasks/result', { taskId: taskIdOf(call) });
  const { kind, bytes } = await handleCall(carrying.gateway, fetch, silentExchange(cancelled));
  const text = (json: Uint8Array) => Buffer.from(json).toString('utf8');
  return kind === 'result'
    ? { state: { ...task, status: 'completed' }, inlined: { result: text(resultOfTask(bytes, undefined)) } }
    : { state: { ...task, status: 'failed' }, inlined: { error: text(shownError(client, bytes).bytes) } };
};

const questionsOf = async (
  carrying: Carrying,
  client: ModernClient,
  call: CallRequest,
  { status }: JsonObject,
): Promise<JsonObject> => {
  const { gateway, owner } = carrying;
  const known = gateway.waitingTasks.find(owner, call.server, taskIdOf(call));
  if (known === undefined && status !== 'input_required') return {};
  const waiting = known ?? waitFor(carrying, client, call);
  if (Object.keys(waiting.questions.unanswered()).length === 0 && status === 'input_required')
    await firstOf(waiting);
  return waiting.questions.unanswered();
};

/** What refused the open `tasks/result`, a policy for example, refuses the look. */
const firstOf = async ({ questions, ended }: WaitingTask): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FIRST_QUESTION_MS);
  });
  await Promise.race([questions.next(), ended, late]).finally(() => clearTimeout(timer));
};

/** Opens `tasks/result`, on whose stream the server asks. Its own answer is not needed: it is asked for again at the end. */
const waitFor = (carrying: Carrying, client: ModernClient, call: CallRequest): WaitingTask => {
  const { gateway, owner } = carrying;
  const taskId = taskIdOf(call);
  const questions = new TaskQuestions(client);
  const { signal, end } = gateway.inFlight.begin(`${owner}\ntask`, randomUUID());
  const started = Promise.withResolvers<void>();
  const ended = started.promise.finally(end);
  ended.catch(() => undefined);
  try {
    gateway.waitingTasks.add(owner, call.server, taskId, { questions, ended });
  } catch (error) {
    started.resolve();
    throw error;
  }
  const exchange = relatedExchange(questions.exchange(signal), { taskId, shown: undefined });
  const fetch = aboutTask(carrying, call, 'tasks/result', { taskId });
  handleCall(gateway, { ...fetch, within: true }, exchange).then(() => started.resolve(), started.reject);
  return { questions, ended };
};

/** `tasks/update` of a modern client at a legacy server: answers to what it asked on the stream of `tasks/result`. */
export const updateTask = (
  { gateway, owner }: Carrying,
  call: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const { inputResponses } = call.params;
  if (!isJsonObject(inputResponses)) throw new CountersignError('params_invalid', 'inputResponses');
  const answer = async () => {
    const waiting = gateway.waitingTasks.find(owner, call.server, taskIdOf(call));
    if (waiting === undefined)
      throw new CountersignError('question_unanswered', 'the task does not wait for an answer here');
    waiting.questions.answer(inputResponses);
    return { kind: 'result' as const, bytes: Buffer.from('{}') };
  };
  return handleCall(gateway, { ...call, here: { deadline_ms: ANSWER_MS, answer } }, exchange);
};

const INVALID_PARAMS = -32602;
const ACKNOWLEDGED = Buffer.from('{"resultType":"complete"}');

/** `tasks/cancel` of a modern client at a legacy server, which refuses it for a task that has ended; a modern one does not. */
export const cancelTask = async (
  carrying: Carrying,
  call: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const { gateway, owner } = carrying;
  const taskId = taskIdOf(call);
  const cancelled = await handleCall(gateway, call, exchange);
  if (cancelled.kind === 'result') {
    gateway.waitingTasks.find(owner, call.server, taskId)?.questions.withdraw();
    return { ...cancelled, shown: ACKNOWLEDGED };
  }
  if (jsonOf(cancelled.bytes)['code'] !== INVALID_PARAMS) return cancelled;
  const look = await handleCall(
    gateway,
    aboutTask(carrying, call, 'tasks/get', { taskId }),
    silentExchange(NEVER),
  ).catch(() => undefined);
  const hasEnded = look?.kind === 'result' && isTerminal(jsonOf(look.bytes));
  return hasEnded ? { ...look, shown: ACKNOWLEDGED } : cancelled;
};
