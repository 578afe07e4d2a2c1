import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { Call } from './call.js';

/** An answer that is not the end: the upstream wants more input, or goes on with it as a task. */
export interface Input {
  readonly kind: 'input_required' | 'task';
  readonly questions: readonly InputQuestion[];
  /** The upstream's own; never shown to a client as it is. */
  readonly requestState: string | null;
  /** The upstream's own; clients see a handle of ours. */
  readonly taskId: string | null;
}

export interface InputQuestion {
  /** The upstream's name for it. */
  readonly key: string;
  readonly method: string;
  readonly params: JsonObject;
}

const MARKS = ['"resultType"', '"task"', '"taskId"'];

/**
 * Reads what an answer asks for (MCP 2026-07-28 basic/patterns/mrtr, tasks extension; 2025-11-25 basic/utilities/tasks).
 * Nearly every answer is complete and is not parsed for this.
 */
export const inputOf = (call: Call, bytes: Uint8Array): Input | null => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!MARKS.some((mark) => text.includes(mark))) return null;
  const result = JSON.parse(text.toString('utf8')) as JsonObject;
  const { resultType, requestState, inputRequests } = result;
  const questions = questionsOf(inputRequests);
  const state = typeof requestState === 'string' ? requestState : null;
  if (call.era === 'modern' && resultType === 'input_required')
    return { kind: 'input_required', questions, requestState: state, taskId: null };
  const task = modernTask(call, result) ?? legacyTask(call, result);
  const taskId = task?.['taskId'];
  return typeof taskId === 'string' ? { kind: 'task', questions, requestState: state, taskId } : null;
};

/** A new task, or the state of one. */
const modernTask = ({ era, method }: Call, result: JsonObject): JsonObject | undefined =>
  era === 'modern' && (result['resultType'] === 'task' || method === 'tasks/get') ? result : undefined;

/** A legacy server makes a task only for a caller that asked for one. */
const legacyTask = ({ era, method, params }: Call, result: JsonObject): JsonObject | undefined => {
  if (era !== 'legacy') return undefined;
  if (method === 'tasks/get' || method === 'tasks/cancel') return result;
  const { task } = result;
  return method === 'tools/call' && isJsonObject(params['task']) && isJsonObject(task) ? task : undefined;
};

const questionsOf = (inputRequests: Json | undefined): readonly InputQuestion[] =>
  Object.entries(isJsonObject(inputRequests) ? inputRequests : {}).map(([key, question]) => {
    const { method, params } = isJsonObject(question) ? question : {};
    return {
      key,
      method: typeof method === 'string' ? method : '',
      params: isJsonObject(params) ? params : {},
    };
  });
