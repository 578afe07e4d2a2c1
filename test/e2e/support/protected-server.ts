import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AuthServer, json } from '../../../libs/upstream-auth/oauth-world.fixture.js';
import type { Stage } from './stage.js';

/** A tool call as it came in. */
export interface ProtectedCall {
  readonly session: string;
  readonly token: string;
}

/** A legacy MCP server with sessions, each good only for the user who opened it; wants tokens of one issuer. */
export interface ProtectedServer {
  readonly url: string;
  readonly calls: readonly ProtectedCall[];
  /** Every byte that came in so far, headers included, as text. */
  received(): string;
  /** Sessions that are open, with the tokens they were opened with. */
  readonly sessions: ReadonlyMap<string, string>;
  /** As a restart does. */
  forgetSessions(): void;
}

interface Message {
  readonly id?: unknown;
  readonly method?: string;
}

export const startProtectedServer = async (stage: Stage, issuer: AuthServer): Promise<ProtectedServer> => {
  const calls: ProtectedCall[] = [];
  const sessions = new Map<string, string>();
  let received = '';
  let opened = 0;

  /** `sub` of the token that this one was exchanged for; others are as good as users. */
  const userOf = (token: string): string => {
    const claims = issuer.subjects.get(token)?.split('.')[1];
    if (claims === undefined) return token;
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string }).sub;
  };

  const inSession = ({ id, method }: Message, session: string, token: string): unknown => {
    switch (method) {
      case 'tools/list':
        return { tools: [{ name: 'work', inputSchema: { type: 'object' } }] };
      case 'tools/call':
        calls.push({ session, token });
        return { content: [{ type: 'text', text: 'done' }] };
      default:
        return id === undefined ? undefined : {};
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    received += `${request.method} ${request.url} ${JSON.stringify(request.headers)}\n${body}\n`;
    const metadata = '/.well-known/oauth-protected-resource/mcp';
    if (request.url === metadata)
      return json(response, 200, { resource: `${origin()}/mcp`, authorization_servers: [issuer.url] });
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    if (!issuer.valid.has(token))
      return json(
        response,
        401,
        {},
        { 'www-authenticate': `Bearer resource_metadata="${origin()}${metadata}"` },
      );
    const message = body === '' ? {} : (JSON.parse(body) as Message);
    if (message.method === 'initialize') {
      const session = `session-${++opened}`;
      sessions.set(session, token);
      const serverInfo = { name: 'protected', version: '1.0.0' };
      const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
      return json(response, 200, { jsonrpc: '2.0', id: message.id, result }, { 'mcp-session-id': session });
    }
    const session = String(request.headers['mcp-session-id']);
    if (!sessions.has(session)) return json(response, message.method === 'server/discover' ? 400 : 404, {});
    if (userOf(sessions.get(session) ?? '') !== userOf(token)) return json(response, 403, {});
    if (request.method === 'DELETE') return void (sessions.delete(session) && json(response, 200, {}));
    if (request.method !== 'POST') return json(response, 405, {});
    const result = inSession(message, session, token);
    if (result === undefined) return void response.writeHead(202).end();
    return json(response, 200, { jsonrpc: '2.0', id: message.id, result });
  };

  const server = createServer(
    { keepAliveTimeout: 72_000 },
    (request, response) => void answer(request, response),
  );
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `${origin()}/mcp`,
    calls,
    received: () => received,
    sessions,
    forgetSessions: () => sessions.clear(),
  };
};
