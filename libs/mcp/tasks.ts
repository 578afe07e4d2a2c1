import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { TASKS_EXTENSION } from './meta.js';

/** `_meta` key that says which task a message of the legacy era belongs to (MCP 2025-11-25 basic/utilities/tasks). */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

const TERMINAL: ReadonlySet<Json | undefined> = new Set(['completed', 'failed', 'cancelled']);
export const isTerminal = ({ status }: JsonObject): boolean => TERMINAL.has(status);

/** What both eras say of a task in the same words. */
const common = ({ taskId, status, statusMessage, createdAt, lastUpdatedAt }: JsonObject): JsonObject => ({
  taskId: taskId ?? null,
  status: status ?? null,
  ...(typeof statusMessage === 'string' ? { statusMessage } : {}),
  createdAt: createdAt ?? null,
  lastUpdatedAt: lastUpdatedAt ?? createdAt ?? null,
});

/** A task of a legacy server as `Task` of the tasks extension (SEP-2663). */
export const modernTask = (task: JsonObject): JsonObject => ({
  ...common(task),
  ttlMs: task['ttl'] ?? null,
  ...(typeof task['pollInterval'] === 'number' ? { pollIntervalMs: task['pollInterval'] } : {}),
});

/**
 * A task of the tasks extension as `Task` of 2025-11-25, where a tool call that ended with `isError` has failed (basic/
 * utilities/tasks, task status).
 */
export const legacyTask = (task: JsonObject): JsonObject => {
  const { status, result, ttlMs, pollIntervalMs } = task;
  const isError = status === 'completed' && isJsonObject(result) && result['isError'] === true;
  return {
    ...common(isError ? { ...task, status: 'failed' } : task),
    ttl: ttlMs ?? null,
    ...(typeof pollIntervalMs === 'number' ? { pollInterval: pollIntervalMs } : {}),
  };
};

/** Whether a server takes tool calls as tasks, by the capabilities of its era. */
export const offersTasks = ({
  era,
  capabilities,
}: {
  readonly era: 'legacy' | 'modern';
  readonly capabilities: JsonObject;
}): boolean => {
  const { extensions, tasks } = capabilities;
  if (era === 'modern') return isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]);
  const requests = isJsonObject(tasks) ? tasks['requests'] : undefined;
  const tools = isJsonObject(requests) ? requests['tools'] : undefined;
  return isJsonObject(tools) && isJsonObject(tools['call']);
};

/** How a tool of a legacy server may be called; what says nothing, or something else, is forbidden. */
export const taskSupport = (definition: JsonObject | undefined): 'required' | 'optional' | 'forbidden' => {
  const { execution } = definition ?? {};
  const said = isJsonObject(execution) ? execution['taskSupport'] : undefined;
  return said === 'required' || said === 'optional' ? said : 'forbidden';
};

/** Members with `_meta` that names this task, or no task. */
export const relatedTo = (members: JsonObject, taskId: string | undefined): JsonObject => {
  const { _meta, ...rest } = members;
  const { [RELATED_TASK]: _other, ...meta } = isJsonObject(_meta) ? _meta : {};
  const said = taskId === undefined ? meta : { ...meta, [RELATED_TASK]: { taskId } };
  return Object.keys(said).length === 0 ? rest : { ...rest, _meta: said };
};
