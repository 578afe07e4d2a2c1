import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { openStream, type TestServer } from './http-server.fixture.js';
import { call, open, response, serve } from './http-upstream.fixture.js';
import type { Upstream } from './upstream.types.js';
import { unavailable, unknown } from './upstream-call.fixture.js';

interface OldServer {
  readonly server: TestServer;
  readonly upstream: Upstream;
  /** Writes to the event stream. */
  say(text: string): void;
}

/** A server of 2024-11-05; `onCall` answers calls on the stream. */
const start = async (
  onCall: (id: unknown, say: (text: string) => void, res: ServerResponse) => void,
  endpoint = '/post?session=1',
): Promise<OldServer> => {
  let stream: ServerResponse | undefined;
  const say = (text: string): void => void stream?.write(text);
  const server = await serve({
    first: ({ http, method, id, path }, res) => {
      if (http === 'GET') {
        stream = res;
        openStream(res);
        say(`event: endpoint\ndata: ${endpoint}\n\n`);
      } else if (path !== '/post?session=1') res.writeHead(405).end();
      else if (method === 'tools/call') onCall(id, say, res);
      else {
        res.writeHead(202).end();
        const result = { protocolVersion: '2024-11-05', capabilities: { tools: {} }, serverInfo: {} };
        if (method === 'initialize')
          say(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
      }
      return true;
    },
  });
  return { server, say, upstream: open(server.url, { probe_ms: 1_000 }, { kind: 'sse' }) };
};

describe('an upstream over HTTP+SSE', () => {
  it('answers calls on its stream', async () => {
    const { upstream, server } = await start((id, say, res) => {
      res.writeHead(202).end('Accepted');
      say(`data: ${response(id)}\n\n`);
    });
    expect((await call(upstream)).kind).toBe('result');
    expect(upstream.server()).toMatchObject({ era: 'legacy', revision: '2024-11-05' });
    expect(server.methods().slice(0, 3)).toEqual(['GET', 'initialize', 'notifications/initialized']);
  });

  it.each(['http://127.0.0.1:9/post', '//other.example/post', 'http://user:pw@127.0.0.1/post', 'http://'])(
    'that wants messages sent to %s is refused',
    async (endpoint) => {
      const { upstream, server } = await start(() => {}, endpoint);
      await expect
        .poll(() => upstream.state())
        .toEqual({ kind: 'down', reason: 'the endpoint event names another origin' });
      expect(server.methods()).not.toContain('initialize');
    },
  );

  it('that refuses a message: not carried out; that breaks: unknown', async () => {
    let status = 400;
    const { upstream } = await start((_, __, res) => void res.writeHead(status).end());
    await expect(call(upstream)).rejects.toThrow(unavailable);
    status = 500;
    await expect(call(upstream)).rejects.toThrow(unknown('http_status'));
  });

  it('that loses its stream in a call: unknown, never sent again, and the next call finds a new stream', async () => {
    let drop = true;
    const { upstream, server } = await start((id, say, res) => {
      res.writeHead(202).end();
      if (drop) say('data: {broken\n\n');
      else say(`data: ${response(id)}\n\n`);
      drop = false;
    });
    await expect(call(upstream)).rejects.toThrow(unknown('invalid_answer'));
    expect((await call(upstream)).kind).toBe('result');
    expect(server.methods().filter((method) => method === 'tools/call')).toHaveLength(2);
  });

  it('that answers an id of another type, and twice: the first right one counts', async () => {
    const { upstream } = await start((id, say, res) => {
      res.writeHead(202).end();
      say(`data: ${response(`${id}`)}\n\ndata: ${response(id, 'a')}\n\ndata: ${response(id, 'b')}\n\n`);
    });
    expect((await call(upstream)).text).toBe('{"text":"a"}');
  });
});
