import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastifyModule from 'fastify';
import { targetOf } from '#core/call/target.js';
import { canonicalJson } from '#core/evidence/canonical-json.js';
import { readFrame } from '#mcp/frame.js';
import { resultFrame } from '#mcp/frame-write.js';

/**
 * Answers every call with the same result, without an upstream, policy, masking or record: `plain` is node:http with
 * JSON.parse and JSON.stringify, `frames` is the gateway's way of reading and writing a frame. What they cost next to
 * each other is what strict parsing, canonical bytes and the HTTP framework cost.
 */
const RESULT = {
  content: [{ type: 'text', text: JSON.stringify({ customer: 'x'.repeat(1_400) }) }],
  structuredContent: { found: true },
};
const RESULT_BYTES = Buffer.from(JSON.stringify(RESULT));
const LIMITS = { bytes_max: 1024 * 1024, depth_max: 64, members_max: 10_000 };

const plain = (): Promise<string> => {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { id: number };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: RESULT }));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
    );
  });
};

const frames = async (): Promise<string> => {
  const server = fastifyModule();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.post('/mcp', async (request, reply) => {
    const frame = readFrame(request.body as Uint8Array, LIMITS);
    if (frame.kind !== 'request') throw new Error('not a request');
    const target = targetOf(frame.method, frame.params);
    if (target === undefined) throw new Error('not a call');
    const canonical = Buffer.from(canonicalJson(frame.params));
    return reply
      .header('content-type', 'application/json')
      .header('x-canonical-bytes', canonical.length)
      .send(resultFrame(frame.id, RESULT_BYTES));
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/mcp`;
};

console.log(await (process.argv[2] === 'plain' ? plain() : frames()));
process.stdin.on('end', () => process.exit(0)).resume();
