import type { GovernedMethod } from '#core/call/target.js';
import type { Gateway } from '../gateway.js';
import { answerLegacy } from './legacy/answer-legacy.js';
import type { McpRequest } from './mcp-request.js';
import { answerModern, takeUp } from './modern/answer-modern.js';
import { checkParamHeaders } from './modern/check-mirror.js';
import { answerHeldTask, isOfHeldCall, type OfServer } from './tasks/held/answer-held-task.js';
import { ownTask, toCallRequest } from './to-call-request.js';

const TASK_METHODS: ReadonlySet<GovernedMethod> = new Set([
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
  'tasks/result',
]);

/** Answers one governed request, in the way of its client's era. Returns when the answer is on its way. */
export const answerCall = async (
  gateway: Gateway,
  mcp: McpRequest,
  method: GovernedMethod,
): Promise<void> => {
  const { client } = mcp;
  const task = TASK_METHODS.has(method) ? ownTask(gateway, mcp) : undefined;
  const about: Partial<OfServer> | undefined = isOfHeldCall(task)
    ? await answerHeldTask(gateway, mcp, method, task)
    : { task };
  if (about === undefined) return;
  const { call, input, tool } = await toCallRequest(gateway, mcp, method, about.task);
  if (client.era === 'legacy') return answerLegacy(gateway, mcp, client, call, about.http);
  checkParamHeaders(mcp, call, tool);
  if (input?.parked != null) return takeUp(gateway, mcp, call, input.parked, input.callId);
  return answerModern(gateway, mcp, client, call);
};
