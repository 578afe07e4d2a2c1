import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Stage } from './stage.js';
import type { Settings } from './standalone.js';

type Item = Readonly<Record<string, unknown>>;

interface Lists {
  tools: readonly Item[];
  prompts: readonly Item[];
  resourceTemplates: readonly Item[];
}

/** A server whose lists the test changes while it runs; it says so with notifications/.../list_changed. */
export interface ChangingServer {
  readonly url: string;
  /** Names of the tools that were really called. */
  readonly called: readonly string[];
  readonly underWay: () => number;
  set(lists: Partial<Lists>): void;
  /** Text of all results from now on. */
  answer(text: string): void;
  /** Calls wait until `release`. */
  hold(): void;
  release(): void;
}

export const tool = (name: string, more: Item = {}): Item => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
  ...more,
});

const NOTIFICATION: { readonly [list in keyof Lists]: string } = {
  tools: 'notifications/tools/list_changed',
  prompts: 'notifications/prompts/list_changed',
  resourceTemplates: 'notifications/resources/list_changed',
};

export const startChangingServer = async (stage: Stage, start: Partial<Lists>): Promise<ChangingServer> => {
  const lists: Lists = { tools: [], prompts: [], resourceTemplates: [], ...start };
  const called: string[] = [];
  const streams = new Set<ServerResponse>();
  const held: (() => void)[] = [];
  let isHolding = false;
  let said: string | undefined;
  let underWay = 0;

  const call = async (name: string) => {
    called.push(name);
    underWay += 1;
    if (isHolding) await new Promise<void>((resolve) => held.push(resolve));
    underWay -= 1;
    return { content: [{ type: 'text', text: said ?? `${name} done` }] };
  };
  const results: { readonly [method: string]: (params: Item) => unknown } = {
    initialize: () => ({
      protocolVersion: '2025-11-25',
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true },
      },
      serverInfo: { name: 'changing', version: '1.0.0' },
    }),
    ping: () => ({}),
    'tools/list': () => ({ tools: lists.tools }),
    'prompts/list': () => ({ prompts: lists.prompts }),
    'resources/list': () => ({ resources: [] }),
    'resources/templates/list': () => ({ resourceTemplates: lists.resourceTemplates }),
    'tools/call': ({ name }) => call(String(name)),
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      streams.add(response);
      response.once('close', () => streams.delete(response));
      return;
    }
    if (request.method !== 'POST') return void response.writeHead(405).end();
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    const { id, method, params = {} } = JSON.parse(text) as { id?: unknown; method: string; params?: Item };
    if (id === undefined) return void response.writeHead(202).end();
    const result = await results[method]?.(params);
    const frame =
      result === undefined
        ? { jsonrpc: '2.0', id, error: { code: -32601, message: 'unknown' } }
        : { jsonrpc: '2.0', id, result };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(frame));
  };
  const server = createServer(
    { keepAliveTimeout: 72_000 },
    (request, response) => void answer(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const release = (): void => {
    isHolding = false;
    for (const go of held.splice(0)) go();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    called,
    underWay: () => underWay,
    set: (changed) => {
      Object.assign(lists, changed);
      for (const list of Object.keys(changed) as (keyof Lists)[]) {
        const frame = JSON.stringify({ jsonrpc: '2.0', method: NOTIFICATION[list] });
        for (const stream of streams) stream.write(`event: message\ndata: ${frame}\n\n`);
      }
    },
    answer: (text) => {
      said = text;
    },
    hold: () => {
      isHolding = true;
    },
    release,
  };
};

export const changingUpstream = (
  name: string,
  { url }: ChangingServer,
  settings: Settings = {},
): Settings => ({
  name,
  transport: 'http',
  url,
  ...settings,
});

/** Engineers may use these tools, each named server/tool. */
export const openPolicy = (tools: readonly string[]): string => `policy: 1
name: catalog-tests
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  examiner: { groups: [BANK-EXAMINER] }
  operator: { groups: [BANK-OPERATIONS] }
operations:
  any: { kind: read, tools: [${tools.join(', ')}] }
rules:
  - { id: A-1, says: Engineers use everything., roles: [data-engineer], allow: [any] }
tests:
  - { as: data-engineer, call: ${tools[0]}, args: {}, expect: allow A-1 }
`;
