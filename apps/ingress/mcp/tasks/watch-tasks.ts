import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { TASKS_EXTENSION } from '#mcp/meta.js';
import { isTerminal } from '#mcp/tasks.js';
import type { Gateway } from '../../gateway.js';
import { openTask } from '../handles.js';
import type { McpRequest } from '../mcp-request.js';
import { recorded } from '../recorded.js';
import { RefusalWithData } from '../refusal.js';
import { shownResult } from '../shown-result.js';
import { silentExchange } from '../silent-exchange.js';
import { toCallRequest } from '../to-call-request.js';
import { jsonOf } from './about-task.js';
import { carryCall } from './carry-call.js';

/** Whoever asks to hear of tasks must have declared the extension (SEP-2663). @throws CountersignError capability_missing */
export const requireTasks = ({ client }: McpRequest): void => {
  if (client.era === 'legacy' || client.capabilities.has('tasks')) return;
  throw new RefusalWithData('capability_missing', TASKS_EXTENSION, {
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  });
};

/**
 * Tells a listening client of one of its tasks, under the id it knows, each time the server says that there is something
 * new, and until the task has ended.
 * @returns what ends it; undefined for a task that is not this client's, or not at this endpoint
 */
export const watchTask = (
  gateway: Gateway,
  mcp: McpRequest,
  shownTaskId: string,
  signal: AbortSignal,
  tell: (task: JsonObject) => void,
): (() => void) | undefined => {
  const task = own(gateway, mcp, shownTaskId);
  if (task === undefined) return undefined;
  const look = async (): Promise<void> => {
    try {
      const state = await lookAt(gateway, mcp, shownTaskId, signal);
      if (state === undefined || signal.aborted) return;
      tell(state);
      if (isTerminal(state)) stop();
    } catch (error) {
      const { caller, endpoint } = mcp;
      await recorded(gateway, { where: endpoint, caller, method: 'tasks/get' }, error);
    }
  };
  const stop = gateway.taskWatches.add({ ...task, look });
  return stop;
};

const own = (gateway: Gateway, { owner, post }: McpRequest, shownTaskId: string) => {
  try {
    const { server, taskId, keptBy, held } = openTask(gateway, owner, shownTaskId);
    // A held call changes when people do something, which no server tells of: its client asks again.
    if (held !== undefined) return undefined;
    const isHere = post.server === undefined || post.server === server;
    return isHere && keptBy === undefined && gateway.catalog.has(server) ? { server, taskId } : undefined;
  } catch (error) {
    if (error instanceof CountersignError) return undefined;
    throw error;
  }
};

/** `tasks/get` as the client itself would ask it: decided, masked, on record. Undefined when the server answers with an error. */
const lookAt = async (
  gateway: Gateway,
  mcp: McpRequest,
  taskId: string,
  signal: AbortSignal,
): Promise<JsonObject | undefined> => {
  const frame = { ...mcp.frame, method: 'tasks/get', params: { taskId } };
  const { call } = await toCallRequest(gateway, { ...mcp, frame }, 'tasks/get');
  const released = await carryCall(gateway, mcp, { ...call, within: true }, silentExchange(signal));
  if (released.kind === 'error') return undefined;
  const shown = released.shown ?? shownResult(gateway, mcp.owner, mcp.client, released);
  const { resultType: _type, ...state } = jsonOf(shown);
  return state;
};
