import type { CallRequest } from '../../call/call.js';
import type { Exchange } from '../../call/exchange.js';
import type { Gateway } from '../../gateway.js';
import { handleCall, type Released } from '../../handle-call.js';
import { throughQuestions } from '../legacy/through-questions.js';
import type { McpRequest } from '../mcp-request.js';
import { taskIdOf } from './about-task.js';
import * as legacyClient from './legacy-client.js';
import * as modernClient from './modern-client.js';
import { relatedExchange } from './related-exchange.js';
import { waitForResult } from './wait-for-result.js';

/**
 * Carries one request through the pipeline. Nearly each is one call; requests about tasks between a client and a server of
 * different eras are what follows here: several calls, or one that the gateway answers itself.
 */
export const carryCall = (
  gateway: Gateway,
  { client, owner }: McpRequest,
  call: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const carrying = { gateway, owner };
  const { method, taskFor } = call;
  const era = gateway.catalog.server(call.server).upstream.server()?.era;
  const isOfTask = method.startsWith('tasks/');
  if (taskFor === 'gateway') return waitForResult(carrying, call, exchange);
  if (client.era === 'modern' && era === 'legacy' && isOfTask) {
    if (method === 'tasks/get') return modernClient.getTask(carrying, client, call, exchange);
    if (method === 'tasks/update') return modernClient.updateTask(carrying, call, exchange);
    if (method === 'tasks/cancel') return modernClient.cancelTask(carrying, call, exchange);
  }
  if (client.era === 'legacy' && era === 'modern') {
    if (taskFor === 'client') return legacyClient.startTask(carrying, call, exchange);
    if (method === 'tasks/get') return legacyClient.getTask(carrying, call, exchange);
    if (method === 'tasks/result') return legacyClient.resultOf(carrying, call, exchange);
    if (method === 'tasks/cancel') return legacyClient.cancelTask(carrying, call, exchange);
  }
  if (client.era === 'modern') return handleCall(gateway, call, exchange);
  const about = { taskId: taskIdOf(call), shown: call.shownTaskId };
  return throughQuestions(gateway, call, isOfTask ? relatedExchange(exchange, about) : exchange);
};
