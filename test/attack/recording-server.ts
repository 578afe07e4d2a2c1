import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Stage } from '../e2e/support/stage.js';

export type Members = Readonly<Record<string, unknown>>;

/** One request as it arrived. */
export interface Heard {
  readonly method: string;
  readonly id: string | number | undefined;
  readonly params: Members;
  /** Request line, header lines and body: every byte of it. */
  readonly text: string;
}

/** How the server behaves for one governed request. */
export type Play = (request: Heard, response: ServerResponse) => void | Promise<void>;

/** An upstream that writes down everything it gets, and answers the next governed request as it is told. */
export interface RecordingServer {
  readonly url: string;
  /** Requests of callers only: no lists, no handshake. */
  readonly calls: readonly Heard[];
  /** Everything it was ever sent, as text. */
  text(): string;
  /** For the next governed request; later ones are answered as usual. */
  next(play: Play): void;
}

const META = 'io.modelcontextprotocol';
/** What no caller asks for by itself. */
const OWN = new Set(['initialize', 'server/discover', 'ping', 'subscriptions/listen']);
const isCall = (method: string): boolean =>
  !OWN.has(method) && !method.endsWith('/list') && !method.startsWith('notifications/') && method !== '';

const schema = { type: 'object' };
const MIRRORED = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    amount: { type: 'integer', 'x-mcp-header': 'Amount' },
  },
};
/** Tools of every kind that the classes need; `transfer` needs an approval, `forbidden` is nobody's. */
const TOOLS = [
  { name: 'read', description: 'Reads.', inputSchema: schema },
  { name: 'transfer', description: 'Transfers.', inputSchema: schema },
  { name: 'forbidden', description: 'Is not in the policy.', inputSchema: schema },
  { name: 'guarded', description: 'Has a limit.', inputSchema: schema },
  { name: 'listed', description: 'Has a list of regions.', inputSchema: schema },
  { name: 'mirrored', description: 'Mirrors its parameters.', inputSchema: MIRRORED },
  { name: 'a__b', description: 'Looks like server a, tool b.', inputSchema: schema },
  { name: 'pay', description: 'Pays.', inputSchema: schema },
  { name: 'PAY', description: 'Differs by case.', inputSchema: schema },
  { name: 'r\u0435port', description: 'Has a Cyrillic letter.', inputSchema: schema },
  { name: 'le\u200bdger', description: 'Has an invisible character.', inputSchema: schema },
];
const PROMPTS = [{ name: 'summary' }, { name: 'hidden' }];
const RESOURCES = [
  { uri: 'bank://public/1', name: 'public' },
  { uri: 'bank://secret/1', name: 'secret' },
];
const TEMPLATES = [
  { uriTemplate: 'bank://public/{id}', name: 'public' },
  { uriTemplate: 'bank://secret/{id}', name: 'secret' },
];
const CAPABILITIES = { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {}, logging: {} };

const usual: { readonly [method: string]: Members } = {
  'tools/list': { tools: TOOLS },
  'prompts/list': { prompts: PROMPTS },
  'resources/list': { resources: RESOURCES },
  'resources/templates/list': { resourceTemplates: TEMPLATES },
  'tools/call': { content: [{ type: 'text', text: 'done' }] },
  'prompts/get': { messages: [] },
  'resources/read': { contents: [] },
  'completion/complete': { completion: { values: [] } },
};

export const resultFor = ({ id }: Pick<Heard, 'id'>, result: Members): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result });

/** A JSON body. */
export const json = (response: ServerResponse, text: string, headers: Members = {}): void =>
  void response
    .writeHead(200, { 'content-type': 'application/json', ...(headers as Record<string, string>) })
    .end(text);

/** An event stream, in exactly these pieces. */
export const stream = async (
  response: ServerResponse,
  pieces: readonly (string | Uint8Array)[],
  end = true,
): Promise<void> => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of pieces) {
    response.write(piece);
    // Each piece is a packet of its own.
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  if (end) response.end();
};

/** A play that answers with this result. */
export const answers =
  (result: Members): Play =>
  (request, response) =>
    json(response, resultFor(request, result));

export const answersError =
  (error: Members): Play =>
  ({ id }, response) =>
    json(response, JSON.stringify({ jsonrpc: '2.0', id, error }));

const standing = (era: 'legacy' | 'modern', method: string, params: Members): Members | undefined => {
  if (era === 'legacy' && method === 'initialize')
    return {
      protocolVersion: '2025-11-25',
      capabilities: { ...CAPABILITIES, tasks: { requests: { tools: { call: {} } } } },
      serverInfo: { name: 'legacy', version: '1' },
    };
  if (era === 'modern' && method === 'server/discover')
    return {
      supportedVersions: ['2026-07-28'],
      capabilities: { ...CAPABILITIES, extensions: { [`${META}/tasks`]: {} } },
      _meta: { [`${META}/serverInfo`]: { name: 'modern', version: '1' } },
    };
  if (method === 'ping') return {};
  const taskId = params['taskId'];
  if (method.startsWith('tasks/'))
    return { taskId, status: 'working', createdAt: '', lastUpdatedAt: '', ttl: null };
  return usual[method];
};

export const startRecordingServer = async (
  stage: Stage,
  era: 'legacy' | 'modern',
): Promise<RecordingServer> => {
  const calls: Heard[] = [];
  const texts: string[] = [];
  const plays: Play[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const text = [`${request.method} ${request.url}`, ...request.rawHeaders, body].join('\n');
    texts.push(text);
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const { id, method = '', params = {} } = JSON.parse(body) as Partial<Heard>;
    const heard: Heard = { id, method, params, text };
    if (isCall(method)) {
      calls.push(heard);
      const play = plays.shift();
      if (play !== undefined) return play(heard, response);
    }
    if (id === undefined) return void response.writeHead(202).end();
    const result = standing(era, method, params);
    if (result === undefined)
      return json(
        response,
        JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'unknown' } }),
      );
    json(response, resultFor(heard, era === 'modern' ? { resultType: 'complete', ...result } : result));
  };
  const server = createServer(
    { keepAliveTimeout: 72_000 },
    (request, response) => void take(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    calls,
    text: () => texts.join('\n'),
    next: (play) => void plays.push(play),
  };
};
