import type { IncomingMessage, ServerResponse } from 'node:http';
import { Catalog, METHODS } from './catalog.js';
import { isMembers, type Members, methodNotFound, RpcError } from './conversation.js';
import { writeJson } from './event-stream.js';
import { LegacySession } from './legacy-session.js';
import { LEGACY_TASK_METHODS } from './legacy-tasks.js';
import type { RequestMessage } from './modern.js';

const REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26'];
const INFO = { name: 'everything', version: '1.0.0' };
const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
  tasks: { cancel: {}, requests: { tools: { call: {} } } },
};
const OF_SESSION = new Set(['ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']);
/** Methods that may say something before they answer. */
const TALKATIVE = new Set(['tools/call', 'prompts/get', 'resources/read', 'tasks/result']);

const errorOf = (error: unknown): Members =>
  (error instanceof RpcError ? error : new RpcError(-32603, String(error))).toJson();

/** The revisions with a handshake: sessions, streams that can be resumed, questions to the client on the stream. */
export class LegacyServer {
  readonly #catalog = new Catalog(-32002);
  readonly #sessions = new Map<string, LegacySession>();

  /** Answers one POST, GET or DELETE; never rejects. */
  async answer(request: IncomingMessage, message: unknown, response: ServerResponse): Promise<void> {
    if (request.method === 'POST' && isMembers(message) && message['method'] === 'initialize')
      return this.#initialize(message, response);
    const session = this.#sessions.get(String(request.headers['mcp-session-id']));
    if (session === undefined) {
      const error = { code: -32001, message: 'There is no such session' };
      return writeJson(response, request.headers['mcp-session-id'] === undefined ? 400 : 404, {
        jsonrpc: '2.0',
        id: null,
        error,
      });
    }
    if (request.method === 'DELETE') {
      session.close();
      this.#sessions.delete(session.id);
      return writeJson(response, 200);
    }
    if (request.method === 'GET') return this.#open(session, request, response);
    if (!isMembers(message)) return writeJson(response, 400);
    await this.#post(session, message, response);
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
  }

  #initialize({ id, params }: Members, response: ServerResponse): void {
    const { protocolVersion, capabilities } = isMembers(params) ? params : {};
    const session = new LegacySession(isMembers(capabilities) ? capabilities : {}, this.#catalog);
    this.#sessions.set(session.id, session);
    response.setHeader('mcp-session-id', session.id);
    const revision = REVISIONS.find((known) => known === protocolVersion) ?? REVISIONS[0];
    writeJson(response, 200, {
      jsonrpc: '2.0',
      id,
      result: { protocolVersion: revision, capabilities: CAPABILITIES, serverInfo: INFO },
    });
  }

  #open(session: LegacySession, { headers }: IncomingMessage, response: ServerResponse): void {
    const last = headers['last-event-id'];
    const resumed =
      typeof last === 'string' ? session.resume(last) : { stream: session.standalone, after: -1 };
    if (resumed === undefined) writeJson(response, 400);
    else resumed.stream.attach(response, resumed.after);
  }

  async #post(session: LegacySession, message: Members, response: ServerResponse): Promise<void> {
    const { id, method, params } = message;
    if (typeof method !== 'string') {
      session.responded(message);
      return writeJson(response, 202);
    }
    const about = isMembers(params) ? params : {};
    if (id === undefined) {
      if (method === 'notifications/cancelled') session.cancelled(about);
      return writeJson(response, 202);
    }
    const request = { id, method, params: about } as RequestMessage;
    if (!METHODS.has(method) && !OF_SESSION.has(method) && !LEGACY_TASK_METHODS.has(method))
      return writeJson(response, 200, { jsonrpc: '2.0', id, error: methodNotFound(method).toJson() });
    const stream = TALKATIVE.has(method) ? session.newStream() : undefined;
    stream?.attach(response);
    const body = await session.result(request, stream).then(
      (result) => ({ jsonrpc: '2.0', id, result }),
      (error) => ({ jsonrpc: '2.0', id, error: errorOf(error) }),
    );
    if (stream === undefined) writeJson(response, 200, body);
    else stream.end(body);
  }
}
