import { type GovernedMethod, targetOf } from '#core/call/target.js';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { TASKS_EXTENSION } from '#mcp/meta.js';
import type { CallRequest, Here } from '../call/call.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import { type InputHandle, openInput, openTask, type TaskHandle } from './handles.js';
import type { McpRequest } from './mcp-request.js';
import { RefusalWithData } from './refusal.js';
import { serversOfUri } from './servers-of-uri.js';
import { asTask } from './tasks/as-task.js';

/** A governed request as the pipeline takes it, and the handle by which it continues an earlier one. */
export interface ToCall {
  readonly call: CallRequest;
  readonly input: InputHandle | null;
  /** The definition of the tool that is called, where it was looked at. */
  readonly tool: CatalogEntry | undefined;
}

interface Placed {
  readonly server: string;
  /** With the server's own name or id. */
  readonly params: JsonObject;
  readonly here?: Here;
}

const NAME_MAX = 200;

/**
 * Finds the server of a request and its own name for what is asked; opens the handles that came along.
 * @param task what a request about a task is about, where its id was opened already
 * @throws CountersignError params_invalid, tool_unknown
 */
export const toCallRequest = async (
  gateway: Gateway,
  mcp: McpRequest,
  method: GovernedMethod,
  task?: TaskHandle,
): Promise<ToCall> => {
  const { caller, client, endpoint, frame, owner } = mcp;
  const {
    server,
    params: named,
    here,
  } = task ? placeTask(gateway, mcp, method, task) : await place(gateway, mcp, method);
  const { params: placed, taskFor, tool } = await asTask(gateway, client, { server, method, params: named });
  const { requestState, ...params } = placed;
  const target = targetOf(method, params);
  if (target === undefined) throw new CountersignError('params_invalid', `params of ${method}`);
  const given = frame.params['taskId'];
  const call: CallRequest = {
    caller,
    token: tokenOf(mcp.post.request.headers.authorization),
    client,
    endpoint,
    method,
    server,
    target,
    params,
    ...(client.era === 'legacy' && client.session !== undefined ? { subscriber: client.session.id } : {}),
    ...(method.startsWith('tasks/') && typeof given === 'string' ? { shownTaskId: given } : {}),
    ...(taskFor === undefined ? {} : { taskFor }),
    ...(here === undefined ? {} : { here }),
  };
  // A task keeps a state of its own between its rounds; only requests that can be continued carry one of ours.
  if (requestState === undefined || method.startsWith('tasks/'))
    return { call: { ...call, params: placed }, input: null, tool };
  const input = openInput(gateway, owner, call, requestState);
  const { callId, approvalId, state, held } = input;
  if (held !== undefined && approvalId !== null) {
    const { inputResponses: _none, ...again } = params;
    return { call: { ...call, params: again, resumes: { callId, approvalId, ...held } }, input, tool };
  }
  return {
    call: {
      ...call,
      params: { ...params, ...(state === null ? {} : { requestState: state }) },
      continues: { callId, approvalId },
    },
    input,
    tool,
  };
};

const place = async (gateway: Gateway, mcp: McpRequest, method: GovernedMethod): Promise<Placed> => {
  const { params } = mcp.frame;
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return placeName(gateway, mcp, params);
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return { server: await serverOfUri(gateway, mcp, params['uri']), params };
    case 'completion/complete':
      return placeCompletion(gateway, mcp, params);
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
    case 'tasks/result':
      return placeTask(gateway, mcp, method, ownTask(gateway, mcp));
    default:
      if (mcp.post.server === undefined)
        throw new CountersignError('method_unknown', `${method} needs the endpoint of one server`);
      return { server: mcp.post.server, params };
  }
};

/** The task that a request names. @throws CountersignError capability_missing, params_invalid: not this client's, or not here */
export const ownTask = (gateway: Gateway, { client, frame, owner, post }: McpRequest): TaskHandle => {
  if (client.era === 'modern' && !client.capabilities.has('tasks'))
    throw new RefusalWithData('capability_missing', TASKS_EXTENSION, {
      requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
    });
  const task = openTask(gateway, owner, frame.params['taskId']);
  const isElsewhere = post.server !== undefined && post.server !== task.server;
  if (isElsewhere || (task.keptBy !== undefined && task.keptBy !== gateway.instance))
    throw new CountersignError('params_invalid', 'taskId');
  return task;
};

const placeTask = (
  gateway: Gateway,
  { frame: { params }, owner }: McpRequest,
  method: GovernedMethod,
  { server, taskId, keptBy }: TaskHandle,
): Placed => ({
  server,
  params: { ...params, taskId },
  ...(keptBy === undefined ? {} : { here: gateway.keptResults.answering(method, owner, taskId) }),
});

const placeName = (gateway: Gateway, { post }: McpRequest, params: JsonObject): Placed => {
  const { name } = params;
  if (typeof name !== 'string' || name.length === 0 || name.length > NAME_MAX)
    throw new CountersignError('params_invalid', 'name');
  if (post.server !== undefined) return { server: post.server, params };
  const found = gateway.catalog.split(name);
  if (found === undefined)
    throw new CountersignError('tool_unknown', 'the united endpoint names server__name');
  return { server: found.server, params: { ...params, name: found.name } };
};

const placeCompletion = async (gateway: Gateway, mcp: McpRequest, params: JsonObject): Promise<Placed> => {
  const { ref } = params;
  if (!isJsonObject(ref)) throw new CountersignError('params_invalid', 'ref');
  if (ref['type'] === 'ref/resource') return { server: await serverOfUri(gateway, mcp, ref['uri']), params };
  const { server, params: placed } = placeName(gateway, mcp, ref);
  return { server, params: { ...params, ref: placed } };
};

/** At the united endpoint a resource belongs to the one server that lists its URI or a template for it. */
const serverOfUri = async (gateway: Gateway, { post }: McpRequest, uri: unknown): Promise<string> => {
  if (typeof uri !== 'string') throw new CountersignError('params_invalid', 'uri');
  if (post.server !== undefined) return post.server;
  const servers = await serversOfUri(gateway.catalog, uri);
  const [server] = servers;
  if (server === undefined || servers.length > 1)
    throw new CountersignError(
      'params_invalid',
      'no one server has this resource; use the endpoint of the server',
    );
  return server;
};

/** It has been verified: the scheme and then the token. */
export const tokenOf = (authorization = ''): string =>
  authorization.slice(authorization.indexOf(' ') + 1).trim();
