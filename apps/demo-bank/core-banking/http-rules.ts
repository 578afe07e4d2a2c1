import type { IncomingMessage } from 'node:http';
import { RpcError } from './frame.js';

export const REVISIONS: readonly string[] = ['2025-11-25', '2025-06-18'];
const BODY_BYTES_MAX = 1024 * 1024;

const LOOPBACK_ORIGIN = /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

const accepts = (request: IncomingMessage, type: string): boolean =>
  (request.headers.accept ?? '').split(',').some((range) => {
    const name = range.split(';', 1)[0]?.trim().toLowerCase();
    return name === type || name === '*/*' || name === `${type.split('/', 1)[0]}/*`;
  });

/** What Streamable HTTP asks of a POST before its body is read. @throws RpcError */
export const checkHeaders = (request: IncomingMessage, bearer_token: string | undefined): void => {
  const { origin, authorization } = request.headers;
  if (origin !== undefined && !LOOPBACK_ORIGIN.test(origin))
    throw new RpcError(-32600, 'Origin refused.', 403);
  if (bearer_token !== undefined && authorization !== `Bearer ${bearer_token}`) {
    throw new RpcError(-32600, 'The credential is missing or wrong.', 401);
  }
  if (!/^application\/json *(?:; *charset="?utf-8"?)?$/i.test(request.headers['content-type'] ?? '')) {
    throw new RpcError(-32600, 'Content-Type must be application/json.', 415);
  }
  if (!accepts(request, 'application/json') || !accepts(request, 'text/event-stream')) {
    throw new RpcError(-32600, 'Accept must name application/json and text/event-stream.', 406);
  }
};

/** Every request after initialize names its revision. @throws RpcError */
export const checkRevision = (request: IncomingMessage, method: string): void => {
  const revision = request.headers['mcp-protocol-version'];
  if (method === 'initialize' && revision === undefined) return;
  if (typeof revision !== 'string' || !REVISIONS.includes(revision)) {
    throw new RpcError(-32600, `MCP-Protocol-Version must be one of ${REVISIONS.join(', ')}.`, 400);
  }
};

const utf8 = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new RpcError(-32700, 'The body is not UTF-8.', 400);
  }
};

/** @throws RpcError for a body that is over 1 MB or not UTF-8; the rest of such a body is not read */
export const readBody = async (request: IncomingMessage): Promise<string> => {
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= BODY_BYTES_MAX) return;
      request.pause();
      reject(new RpcError(-32600, 'The body is too large.', 413));
    });
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', reject);
  });
  return utf8(bytes);
};
