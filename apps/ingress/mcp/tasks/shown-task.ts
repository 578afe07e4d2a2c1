import type { JsonObject } from '#core/evidence/canonical-json.js';
import { rewriteMembers } from '#mcp/rewrite-members.js';
import { legacyTask, modernTask, RELATED_TASK, relatedTo } from '#mcp/tasks.js';

const bytesOf = (members: JsonObject): Uint8Array => Buffer.from(JSON.stringify(members));

const metaIn = (result: JsonObject): JsonObject => {
  const { _meta } = relatedTo(result, undefined);
  return _meta === undefined ? {} : { _meta };
};

/** `CreateTaskResult` of a legacy server as that of the tasks extension. */
export const createdInModern = (task: JsonObject, result: JsonObject, taskId: string): Uint8Array =>
  bytesOf({ resultType: 'task', ...modernTask({ ...task, taskId }), ...metaIn(result) });

/** `CreateTaskResult` of the tasks extension as that of 2025-11-25. */
export const createdInLegacy = (task: JsonObject, taskId: string): Uint8Array =>
  bytesOf({ task: legacyTask({ ...task, taskId }), ...metaIn(task) });

/** Answer to `tasks/get` and `tasks/cancel` of 2025-11-25. */
export const stateInLegacy = (task: JsonObject, taskId: string): Uint8Array =>
  bytesOf(legacyTask({ ...task, taskId }));

/** Answer to `tasks/get` of the tasks extension; `inlined` are texts of what it says beside the task. */
export const stateInModern = (
  task: JsonObject,
  taskId: string,
  inlined: Readonly<Record<string, string>> = {},
): Uint8Array =>
  rewriteMembers(bytesOf({ resultType: 'complete', ...modernTask({ ...task, taskId }) }), { set: inlined });

/** A result with the task it is of, in the client's words: its id there, or nothing in the modern era. */
export const resultOfTask = (bytes: Uint8Array, taskId: string | undefined): Uint8Array => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (taskId === undefined && !text.includes(RELATED_TASK) && !text.includes('\\u')) return bytes;
  const { _meta } = relatedTo(JSON.parse(text.toString('utf8')) as JsonObject, taskId);
  return _meta === undefined
    ? rewriteMembers(bytes, { remove: ['_meta'] })
    : rewriteMembers(bytes, { set: { _meta: JSON.stringify(_meta) } });
};
