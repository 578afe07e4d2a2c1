import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { generateBank, type Seed } from '../bank.js';
import { createBooks } from './books.js';
import { createCallLog, type Stats } from './call-log.js';
import { type Breakage, callTool, type ToolServices } from './call-tool.js';
import type { Fault } from './faults.js';
import { errorFrame, type Frame, RpcError, readFrame, resultFrame } from './frame.js';
import { checkHeaders, checkRevision, REVISIONS, readBody } from './http-rules.js';
import { toolList } from './tools.js';

export interface CoreBankingOptions {
  readonly seed: Seed;
  /** 0 for any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 200. */
  readonly customers?: number;
  /** The one credential that is accepted; without it everybody may call. */
  readonly bearer_token?: string;
  /** For tests: keep headers and bodies of calls and show them at /stats. */
  readonly keep_requests?: boolean;
  /** For tests: calls that are slow or go wrong. */
  readonly faults?: readonly Fault[];
}

export interface CoreBanking {
  /** The MCP endpoint. */
  readonly url: string;
  readonly stats: () => Stats;
  readonly close: () => Promise<void>;
}

const CUSTOMERS = 200;
const PROGRESS_STEPS = 3;
const TOOL_LIST = JSON.stringify(toolList());

const initializeResult = (params: JsonObject): string => {
  const asked = params['protocolVersion'];
  if (typeof asked !== 'string') throw new RpcError(-32602, 'protocolVersion is missing.', 200);
  return JSON.stringify({
    protocolVersion: REVISIONS.includes(asked) ? asked : REVISIONS[0],
    capabilities: { tools: { listChanged: false } },
    serverInfo: { name: 'core-banking', title: 'Core banking (synthetic)', version: '1.0.0' },
  });
};

const sendJson = (
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void => {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...headers,
  });
  response.end(body);
};

/** A query that reports progress answers as an SSE stream: some notifications, then the response. */
const sendWithProgress = (response: ServerResponse, progressToken: Json, frame: string): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for (let progress = 1; progress <= PROGRESS_STEPS; progress++) {
    const params = {
      progressToken,
      progress,
      total: PROGRESS_STEPS,
      message: `part ${progress} of ${PROGRESS_STEPS}`,
    };
    const notification = { jsonrpc: '2.0', method: 'notifications/progress', params };
    response.write(`event: message\ndata: ${JSON.stringify(notification)}\n\n`);
  }
  response.end(`event: message\ndata: ${frame}\n\n`);
};

const progressTokenOf = ({ params }: Frame): Json | undefined => {
  const meta = params['_meta'] as JsonObject | undefined;
  const wanted = params['name'] === 'query_customers' && typeof meta === 'object' && meta !== null;
  return wanted ? meta['progressToken'] : undefined;
};

const breakConnection = (response: ServerResponse, breakage: Breakage): void => {
  if (breakage === 'drop') response.destroy();
  else if (breakage === 'http_500') response.writeHead(500).end('Internal Server Error');
  else sendJson(response, 200, '{"jsonrpc":"2.0","id":');
};

const answerRequest = async (
  services: ToolServices,
  request: IncomingMessage,
  response: ServerResponse,
  frame: Frame,
  body: string,
): Promise<void> => {
  const { method, params, id = null } = frame;
  if (method === 'tools/call') {
    const entry = services.log.call(
      id,
      params['name'] ?? null,
      params['arguments'] ?? null,
      request.headers,
      body,
    );
    const outcome = await callTool(services, entry, params);
    if ('breakage' in outcome) return breakConnection(response, outcome.breakage);
    const progressToken = progressTokenOf(frame);
    const answer = resultFrame(id, outcome.result);
    return progressToken === undefined
      ? sendJson(response, 200, answer)
      : sendWithProgress(response, progressToken, answer);
  }
  services.log.request(method);
  if (method === 'initialize') return sendJson(response, 200, resultFrame(id, initializeResult(params)));
  if (method === 'tools/list') return sendJson(response, 200, resultFrame(id, TOOL_LIST));
  if (method === 'ping') return sendJson(response, 200, resultFrame(id, '{}'));
  throw new RpcError(-32601, 'This method is not offered here.', 200);
};

const answerPost = async (
  services: ToolServices,
  options: CoreBankingOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  let id: Json = null;
  try {
    checkHeaders(request, options.bearer_token);
    const body = await readBody(request);
    const frame = readFrame(body);
    id = frame.id ?? null;
    checkRevision(request, frame.method);
    if (frame.id !== undefined) await answerRequest(services, request, response, frame, body);
    else if (frame.method.startsWith('notifications/')) response.writeHead(202).end();
    else throw new RpcError(-32600, 'A request needs an id.', 400);
  } catch (error) {
    if (response.headersSent || services.stopped.aborted) return void response.destroy();
    const { code, message, http } =
      error instanceof RpcError ? error : new RpcError(-32603, 'The server has failed.', 500);
    // The rest of a refused body is not read.
    sendJson(response, http, errorFrame(id, code, message), http === 413 ? { connection: 'close' } : {});
  }
};

/**
 * Starts the `core-banking` upstream: an MCP server over Streamable HTTP, stateless, JSON answers. `GET /stats` tells
 * what has reached it, so that "at most once" and "never" can be proven from the upstream's side.
 */
export const startCoreBanking = async (options: CoreBankingOptions): Promise<CoreBanking> => {
  const stopping = new AbortController();
  const log = createCallLog(options.keep_requests ?? false);
  const services: ToolServices = {
    books: createBooks(generateBank(options.seed, options.customers ?? CUSTOMERS)),
    log,
    faults: options.faults ?? [],
    stopped: stopping.signal,
  };
  // Longer than clients keep a connection that they do not use: none sends on one that is just being closed.
  const server = createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (path === '/stats' && request.method === 'GET') sendJson(response, 200, JSON.stringify(log.stats()));
    else if (path !== '/mcp') response.writeHead(404).end();
    else if (request.method !== 'POST') response.writeHead(405, { allow: 'POST' }).end();
    else void answerPost(services, options, request, response);
  });
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(options.port, host, resolve),
  );
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}/mcp`,
    stats: log.stats,
    close: async () => {
      stopping.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
