/** An MCP server over Streamable HTTP whose answers to calls are up to the test. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly http: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly id?: number | string;
  readonly method?: string;
}

export interface Behaviour {
  /** Any request; true when it was answered here. */
  first?(received: Received, response: ServerResponse): boolean;
  call?(received: Received, response: ServerResponse): void;
  get?(received: Received, response: ServerResponse): void;
  session?: string;
}

export interface TestServer {
  readonly url: string;
  readonly received: Received[];
  readonly behaviour: Behaviour;
  /** Names of the JSON-RPC methods that came in. */
  methods(): (string | undefined)[];
  close(): Promise<void>;
}

export const sendJson = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};
export const sendResult = (response: ServerResponse, id: unknown, result: object = { content: [] }): void =>
  sendJson(response, { jsonrpc: '2.0', id, result });
export const openStream = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
};

export const startServer = async (behaviour: Behaviour = {}, port = 0): Promise<TestServer> => {
  const received: Received[] = [];
  const answer = (request: Received, response: ServerResponse): void => {
    if (behaviour.first?.(request, response)) return;
    const wrongSession =
      behaviour.session !== undefined && request.headers['mcp-session-id'] !== behaviour.session;
    if (request.method === 'initialize') {
      if (behaviour.session) response.setHeader('Mcp-Session-Id', behaviour.session);
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'f', version: '1' },
      };
      sendResult(response, request.id, result);
    } else if (wrongSession)
      sendJson(response, { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'gone' } }, 404);
    else if (request.http === 'GET' && behaviour.get) behaviour.get(request, response);
    else if (request.http === 'GET') response.writeHead(405).end();
    else if (request.http === 'DELETE') response.writeHead(200).end();
    else if (request.id === undefined || request.method === undefined) response.writeHead(202).end();
    else if (request.method === 'tools/call' && behaviour.call) behaviour.call(request, response);
    else sendResult(response, request.id, {});
  };
  const server: Server = createServer({ keepAliveTimeout: 72_000 }, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { id, method } = body ? JSON.parse(body) : {};
      const request = {
        http: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body,
        id,
        method,
      };
      received.push(request);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    received,
    behaviour,
    methods: () => received.map(({ http, method }) => method ?? http),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
