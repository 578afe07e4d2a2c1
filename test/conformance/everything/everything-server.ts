import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMembers } from './conversation.js';
import { writeJson } from './event-stream.js';
import { LegacyServer } from './legacy.js';
import { ModernServer, type RequestMessage } from './modern.js';
import { MODERN } from './modern-envelope.js';

/** Which eras the server speaks: both on one address, or only one of them. */
export type Eras = 'both' | 'legacy' | 'modern';

export interface EverythingServer {
  readonly url: string;
  close(): Promise<void>;
}

const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

const isLocal = ({ headers: { host = '', origin } }: IncomingMessage): boolean =>
  LOCAL.test(host) && (origin === undefined || LOCAL.test(origin.replace(/^https?:\/\//, '')));

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
};

/** A revision in the body or a header later than the legacy ones; a handshake without either is of the legacy era. */
const isModern = ({ headers }: IncomingMessage, message: unknown): boolean => {
  const named = headers['mcp-protocol-version'];
  if (typeof named === 'string' && named >= MODERN) return true;
  const params = isMembers(message) && isMembers(message['params']) ? message['params'] : {};
  return isMembers(params['_meta']) && 'io.modelcontextprotocol/protocolVersion' in params['_meta'];
};

/** Everything that the conformance suite asks of a server, on a loopback port. */
export const startEverything = async (eras: Eras, port = 0): Promise<EverythingServer> => {
  const modern = new ModernServer();
  const legacy = new LegacyServer();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isLocal(request)) return writeJson(response, 403);
    const message = await readBody(request);
    const inModern = eras === 'modern' || (eras === 'both' && isModern(request, message));
    if (!inModern) return legacy.answer(request, message, response);
    if (request.method !== 'POST') return writeJson(response, 405);
    if (!isMembers(message) || typeof message['method'] !== 'string') return writeJson(response, 400);
    if (message['id'] === undefined) return writeJson(response, 202);
    const { id, method, params } = message;
    const asked = { id, method, params: isMembers(params) ? params : {} } as RequestMessage;
    await modern.answer({ headers: request.headers, message: asked, response });
  };
  const server = createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) writeJson(response, 400);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () => {
      legacy.close();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
