import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { Digest } from '#core/hash.js';
import { type MemberChanges, rewriteMembers } from '#mcp/rewrite-members.js';
import type { Gateway } from '../gateway.js';
import type { Released } from '../handle-call.js';
import type { Client } from './client.js';
import { sealInput } from './handles.js';
import { newTaskId } from './tasks/new-task-id.js';
import { createdInModern, resultOfTask } from './tasks/shown-task.js';

/** Members of a result that only one era knows (MCP 2026-07-28 server/utilities/caching, basic: responses). */
export const MODERN_MEMBERS = ['resultType', 'ttlMs', 'cacheScope'];

/**
 * A released result in the era of its client. What is on record is the upstream's result, masked; what is changed here
 * are the members of the protocol around it, and handles of the upstream become handles of ours, which only this client
 * can use.
 */
export const shownResult = (
  gateway: Gateway,
  owner: Digest,
  client: Client,
  released: Released,
): Uint8Array => {
  const { bytes, call, input } = released;
  const isOfTask = client.era === 'legacy' && call.method === 'tasks/result';
  const own = isOfTask ? resultOfTask(bytes, call.shownTaskId) : bytes;
  if (input !== null && client.era === 'modern' && call.era === 'legacy' && call.method === 'tools/call')
    return createdTask(gateway, owner, released);
  if (input !== null) return rewriteMembers(bytes, handles(gateway, owner, released));
  if (client.era === 'legacy')
    return call.era === 'modern' ? rewriteMembers(own, { remove: MODERN_MEMBERS }) : own;
  if (call.method === 'resources/read') return rewriteMembers(bytes, { set: PRIVATE_READ });
  return call.era === 'modern' ? bytes : rewriteMembers(bytes, { set: COMPLETE });
};

const COMPLETE = { resultType: '"complete"' };
/** What one caller may read is not for another one's cache, and nobody tells us how long it stays true. */
const PRIVATE_READ = { ...COMPLETE, ttlMs: '0', cacheScope: '"private"' };

const handles = (
  gateway: Gateway,
  owner: Digest,
  { call, callId, approvalId, bytes, input }: Released,
): MemberChanges => {
  if (input?.kind === 'input_required') {
    const state = sealInput(gateway, owner, call, {
      callId,
      approvalId,
      parked: null,
      state: input.requestState,
    });
    return { set: { requestState: JSON.stringify(state) } };
  }
  const taskId = call.shownTaskId ?? newTaskId(gateway, owner, call, { taskId: input?.taskId ?? '' });
  if (call.era === 'modern' || call.method !== 'tools/call')
    return { set: { taskId: JSON.stringify(taskId) } };
  const { task } = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject;
  return { set: { task: JSON.stringify(isJsonObject(task) ? { ...task, taskId } : task) } };
};

const createdTask = (gateway: Gateway, owner: Digest, { bytes, call, input }: Released): Uint8Array => {
  const result = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject;
  const { task } = result;
  return createdInModern(
    isJsonObject(task) ? task : {},
    result,
    newTaskId(gateway, owner, call, { taskId: input?.taskId ?? '' }),
  );
};
