import type { CallRequest } from '../../call/call.js';
import type { Exchange } from '../../call/exchange.js';
import { handleCall, type Released } from '../../handle-call.js';
import { silentExchange } from '../silent-exchange.js';
import { aboutTask, type Carrying } from './about-task.js';
import { relatedExchange } from './related-exchange.js';
import { resultOfTask } from './shown-task.js';

const KEEP_ALIVE_MS = 15_000;

/**
 * A tool of a legacy server that runs as a task only, for a client that cannot follow one: the gateway asks for the task
 * and waits for its result, at most as long as for any answer of that server; its questions go to the client as those of
 * any call. A task that nobody waits for any more is cancelled, since nobody else can reach it.
 */
export const waitForResult = async (
  carrying: Carrying,
  call: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const { gateway } = carrying;
  const created = await handleCall(gateway, call, exchange);
  const taskId = created.input?.kind === 'task' ? created.input.taskId : null;
  if (taskId === null) return created;
  exchange.openStream();
  const keepAlive = setInterval(() => exchange.keepAlive(), KEEP_ALIVE_MS);
  try {
    const fetch = aboutTask(carrying, call, 'tasks/result', { taskId });
    const ended = await handleCall(gateway, fetch, relatedExchange(exchange, { taskId, shown: undefined }));
    return { ...ended, bytes: ended.kind === 'result' ? resultOfTask(ended.bytes, undefined) : ended.bytes };
  } catch (error) {
    const cancel = aboutTask(carrying, call, 'tasks/cancel', { taskId });
    const exchangeOfNobody = silentExchange(new AbortController().signal);
    await handleCall(gateway, cancel, exchangeOfNobody).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(keepAlive);
  }
};
