import type { IncomingMessage, ServerResponse } from 'node:http';
import { Catalog, METHODS } from './catalog.js';
import {
  type Conversation,
  declaredOf,
  isMembers,
  type Members,
  methodNotFound,
  missingCapabilities,
  RpcError,
} from './conversation.js';
import { plainStream, writeJson } from './event-stream.js';
import { InputRequired, inputRounds } from './input-rounds.js';
import { LEVELS } from './log-level.js';
import {
  checkParameterHeaders,
  type Envelope,
  MODERN,
  readEnvelope,
  SERVER_INFO,
  SUBSCRIPTION_ID,
  TASKS,
} from './modern-envelope.js';
import { TASK_METHODS, Tasks } from './tasks.js';

const INFO = { name: 'everything', version: '1.0.0' };
const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
  extensions: { [TASKS]: {} },
};
const CACHEABLE = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);
const CACHING = { ttlMs: 0, cacheScope: 'private' };

export interface RequestMessage {
  readonly id: string | number;
  readonly method: string;
  readonly params: Members;
}

interface Exchange {
  readonly headers: IncomingMessage['headers'];
  readonly message: RequestMessage;
  readonly response: ServerResponse;
}

/** Revision 2026-07-28: each request stands alone. */
export class ModernServer {
  readonly #catalog = new Catalog(-32602);
  readonly #tasks = new Tasks();

  /** Answers one request; never rejects. */
  async answer(exchange: Exchange): Promise<void> {
    const { message, response } = exchange;
    const { id } = message;
    const stream = plainStream(response);
    const finish = (body: Members, status: number): void => {
      if (response.destroyed) return;
      if (stream.isOpen()) stream.end({ jsonrpc: '2.0', id, ...body });
      else writeJson(response, status, { jsonrpc: '2.0', id, ...body });
    };
    try {
      const envelope = readEnvelope(exchange.headers, message.method, message.params);
      if (message.method === 'subscriptions/listen') return this.#listen(exchange);
      const result = await this.#result(exchange, envelope, stream.send);
      finish({ result: { resultType: 'complete', ...result, _meta: { [SERVER_INFO]: INFO } } }, 200);
    } catch (error) {
      if (error instanceof InputRequired)
        return finish({ result: { ...error.result, _meta: { [SERVER_INFO]: INFO } } }, 200);
      const answer = error instanceof RpcError ? error : new RpcError(-32603, String(error));
      finish({ error: answer.toJson() }, answer.status);
    }
  }

  async #result(
    { headers, message: { method, params }, response }: Exchange,
    envelope: Envelope,
    send: (message: unknown) => void,
  ): Promise<Members> {
    if (method === 'server/discover')
      return { supportedVersions: [MODERN], capabilities: CAPABILITIES, ...CACHING };
    if (TASK_METHODS.has(method)) {
      if (!followsTasks(envelope.capabilities)) throw missingTasks();
      return this.#tasks.answer(method, params);
    }
    if (!METHODS.has(method)) throw methodNotFound(method);
    const called = this.#catalog.tools().find(({ definition }) => definition.name === params['name']);
    if (method === 'tools/call' && called !== undefined)
      checkParameterHeaders(headers, called, isMembers(params['arguments']) ? params['arguments'] : {});
    const abort = new AbortController();
    // A closed response stream is a cancellation.
    response.once('close', () => abort.abort(new RpcError(-32603, 'Cancelled')));
    const conversation = this.#conversation(method, params, envelope, send, abort.signal);
    const result = ofEra(await this.#catalog.answer(method, params, conversation));
    return CACHEABLE.has(method) ? { ...result, ...CACHING } : result;
  }

  #conversation(
    method: string,
    params: Members,
    { capabilities, progressToken, logLevel }: Envelope,
    send: (message: unknown) => void,
    signal: AbortSignal,
  ): Conversation {
    const notify = (name: string, about: Members) => send({ jsonrpc: '2.0', method: name, params: about });
    const { ask } = inputRounds(method, params, capabilities);
    const conversation: Conversation = {
      capabilities,
      signal,
      ask,
      askIfKnown: (requests) => ask(declaredOf(capabilities, requests)),
      progress: (progress, total) => {
        if (progressToken !== undefined) notify('notifications/progress', { progressToken, progress, total });
      },
      log: (level, data) => {
        if (logLevel !== undefined && LEVELS.indexOf(level) >= LEVELS.indexOf(logLevel))
          notify('notifications/message', { level, data });
      },
      inBackground: async (work, { required = false } = {}) => {
        if (followsTasks(capabilities)) return this.#tasks.create(conversation, work);
        if (required) throw missingTasks();
        return work(conversation);
      },
      dropStream: () => {},
    };
    return conversation;
  }

  #listen({ message: { id, params }, response }: Exchange): void {
    const filter = isMembers(params['notifications']) ? params['notifications'] : {};
    const { send } = plainStream(response);
    const _meta = { [SUBSCRIPTION_ID]: id };
    const notify = (method: string, about: Members = {}) =>
      send({ jsonrpc: '2.0', method, params: { ...about, _meta } });
    notify('notifications/subscriptions/acknowledged', { notifications: filter });
    const uris = Array.isArray(filter['resourceSubscriptions']) ? filter['resourceSubscriptions'] : [];
    const stop = this.#catalog.onChange((change) => {
      if ('uri' in change) {
        if (uris.includes(change.uri)) notify('notifications/resources/updated', { uri: change.uri });
      } else if (filter[`${change.list}ListChanged`] === true)
        notify(`notifications/${change.list}/list_changed`);
    });
    const taskIds = Array.isArray(filter['taskIds']) ? filter['taskIds'] : [];
    const stopTasks = this.#tasks.onChange((task) => {
      if (taskIds.includes(task['taskId'])) notify('notifications/tasks', task);
    });
    response.once('close', () => {
      stop();
      stopTasks();
    });
  }
}

const followsTasks = ({ extensions }: Members): boolean =>
  isMembers(extensions) && extensions[TASKS] !== undefined;
const missingTasks = (): RpcError => missingCapabilities({ extensions: { [TASKS]: {} } });

/** Tools say nothing of tasks in this era. */
const ofEra = (result: Members): Members => {
  const { tools } = result;
  if (!Array.isArray(tools)) return result;
  return { ...result, tools: tools.map(({ execution: _execution, ...tool }: Members) => tool) };
};
