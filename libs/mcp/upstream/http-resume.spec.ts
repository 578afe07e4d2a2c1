import { describe, expect, it } from 'vitest';
import { openStream } from './http-server.fixture.js';
import { call, calls, response, start } from './http-upstream.fixture.js';
import { unknown } from './upstream-call.fixture.js';

describe('a response stream that stops with an event id', () => {
  it('is taken up again with GET until the answer comes; the call itself is sent once', async () => {
    const resumed: unknown[] = [];
    const { server, upstream } = await start({
      call: (_, res) => {
        openStream(res);
        res.end('id: e-1\nretry: 10\ndata:\n\n');
      },
      get: ({ headers }, res) => {
        const from = headers['last-event-id'];
        if (from === undefined) return void res.writeHead(405).end();
        resumed.push(from);
        openStream(res);
        if (resumed.length === 1) res.end('id: e-2\ndata:\n\n');
        else res.end(`id: e-3\ndata: ${response(calls(server)[0]?.id, 'late')}\n\n`);
      },
    });
    expect((await call(upstream)).text).toBe('{"text":"late"}');
    expect(resumed).toEqual(['e-1', 'e-2']);
    expect(calls(server)).toHaveLength(1);
  });

  it.each([404, 405, 500])('and cannot be taken up again (HTTP %i): unknown, not refused', async (status) => {
    const { upstream } = await start({
      session: 's-1',
      call: (_, res) => {
        openStream(res);
        res.end('id: e-1\nretry: 10\ndata:\n\n');
      },
      get: (_, res) => void res.writeHead(status).end(),
    });
    await expect(call(upstream)).rejects.toThrow(unknown('connection_lost'));
  });
});
