import { describe, expect, it } from 'vitest';
import { type Behaviour, openStream, sendJson } from './http-server.fixture.js';
import { call, calls, response, start } from './http-upstream.fixture.js';
import { unavailable, unknown } from './upstream-call.fixture.js';

describe('an HTTP upstream that answers with a status', () => {
  const SECRET = 'token=hunter2 stack trace';
  it.each([307, 308, 400, 401, 403, 404, 405, 413, 415, 429])(
    '%i: known not to have been carried out',
    async (status) => {
      const { server, upstream } = await start({
        call: (_, res) => {
          res.writeHead(status, { 'content-type': 'text/html', location: 'http://127.0.0.1:9/elsewhere' });
          res.end(SECRET);
        },
      });
      const error = await call(upstream).catch((thrown: unknown) => thrown);
      expect(error).toEqual(unavailable);
      expect(error).toHaveProperty('detail', `HTTP ${status}`);
      expect(calls(server)).toHaveLength(1);
    },
  );

  it.each([201, 202, 204, 301, 302, 303, 408, 409, 500, 502, 503, 504])(
    '%i: nobody knows',
    async (status) => {
      const { server, upstream } = await start({
        call: ({ id }, res) => {
          res.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' });
          res.end(
            status === 204
              ? undefined
              : JSON.stringify({ jsonrpc: '2.0', id, error: { code: 1, message: SECRET } }),
          );
        },
      });
      const error = await call(upstream).catch((thrown: unknown) => thrown);
      expect(error).toEqual(unknown('http_status'));
      expect(String(error)).not.toContain('hunter2');
      expect(calls(server)).toHaveLength(1);
      expect(server.received.every(({ path }) => path === '/mcp')).toBe(true);
    },
  );

  it.each([401, 403])('%i with a JSON-RPC error inside: its text is dropped', async (status) => {
    const { upstream } = await start({
      call: ({ id }, res) =>
        sendJson(res, { jsonrpc: '2.0', id, error: { code: 1, message: SECRET } }, status),
    });
    await expect(call(upstream)).rejects.toThrow(expect.objectContaining({ detail: `HTTP ${status}` }));
  });
});

describe('an HTTP upstream that misbehaves', () => {
  it.each<[string, NonNullable<Behaviour['call']>, string]>([
    ['cuts the connection without an answer', (_, res) => res.socket?.destroy(), 'connection_lost'],
    [
      'cuts the connection inside a JSON answer',
      (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
        res.write('{"jsonrpc"', () => res.socket?.destroy());
      },
      'connection_lost',
    ],
    ['answers with garbage', (_, res) => sendJson(res, '{"jsonrpc":'), 'invalid_answer'],
    ['answers with nothing', (_, res) => sendJson(res, ''), 'invalid_answer'],
    ['answers another id', (_, res) => sendJson(res, response(4711)), 'invalid_answer'],
    ['answers the id as a string', ({ id }, res) => sendJson(res, response(`${id}`)), 'invalid_answer'],
    ['answers with a batch', ({ id }, res) => sendJson(res, `[${response(id)}]`), 'invalid_answer'],
    [
      'answers with duplicate keys',
      ({ id }, res) => sendJson(res, `{"jsonrpc":"2.0","id":${id},"result":{"a":1,"a":2}}`),
      'invalid_answer',
    ],
    [
      'answers with HTML',
      (_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'invalid_answer',
    ],
    [
      'answers compressed though nobody asked',
      (_, res) =>
        res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('x'),
      'invalid_answer',
    ],
    [
      'streams an event that is not JSON before the answer',
      ({ id }, res) => {
        openStream(res);
        res.end(`data: {broken\n\ndata: ${response(id)}\n\n`);
      },
      'invalid_answer',
    ],
    [
      'streams a line that is not SSE before the answer',
      ({ id }, res) => {
        openStream(res);
        res.end(`${response(4711)}\n\ndata: ${response(id)}\n\n`);
      },
      'invalid_answer',
    ],
    [
      'ends the stream without an answer',
      (_, res) => {
        openStream(res);
        res.end('data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
      },
      'connection_lost',
    ],
    [
      'ends the stream inside the answer',
      ({ id }, res) => {
        openStream(res);
        res.end(`data: ${response(id)}\n`);
      },
      'connection_lost',
    ],
  ])('%s: the outcome is unknown and the call was sent once', async (_, behave, reason) => {
    const { server, upstream } = await start({ call: behave });
    await expect(call(upstream)).rejects.toThrow(unknown(reason));
    expect(calls(server)).toHaveLength(1);
  });

  it('answers with more than allowed, as JSON or as a stream: result_too_large', async () => {
    const { server, upstream } = await start({
      call: ({ id }, res) => sendJson(res, response(id, 'x'.repeat(50_000))),
    });
    const tooLarge = expect.objectContaining({ code: 'result_too_large' });
    await expect(call(upstream, { resultBytesMax: 1_000 })).rejects.toThrow(tooLarge);
    await expect(call(upstream, { resultBytesMax: 49_000 })).rejects.toThrow(tooLarge);
    expect((await call(upstream, { resultBytesMax: 51_000 })).kind).toBe('result');
    server.behaviour.call = (_, res) => {
      openStream(res);
      const more = (): void => {
        if (!res.destroyed) res.write('data: '.padEnd(2_000, 'x'), () => setImmediate(more));
      };
      more();
    };
    await expect(call(upstream, { resultBytesMax: 10_000 })).rejects.toThrow(tooLarge);
  });

  it('keeps the stream open after its answer: the answer counts at once', async () => {
    const { upstream } = await start({
      call: ({ id }, res) => {
        openStream(res);
        res.write(`data: ${response(id)}\n\n`);
      },
    });
    expect((await call(upstream)).kind).toBe('result');
  });

  it('hangs: after the deadline it is told and the outcome is unknown', async () => {
    const { server, upstream } = await start({ call: () => {} });
    await expect(call(upstream, { deadline_ms: 200 })).rejects.toThrow(unknown('timeout'));
    await expect.poll(() => server.received.at(-1)?.body).toContain('"method":"notifications/cancelled"');
    expect(JSON.parse(server.received.at(-1)?.body ?? '')).toMatchObject({
      params: { requestId: calls(server)[0]?.id },
    });
  });

  it('is cancelled in a stream: it is told and the outcome is unknown', async () => {
    const controller = new AbortController();
    const { server, upstream } = await start({
      call: (_, res) => {
        openStream(res);
        setTimeout(() => controller.abort(), 20);
      },
    });
    await expect(call(upstream, { signal: controller.signal })).rejects.toThrow(unknown('cancelled'));
    await expect.poll(() => server.methods()).toContain('notifications/cancelled');
  });

  it('has as many calls under way as it may: the next one is refused and never sent', async () => {
    const { server, upstream } = await start({ call: () => {} }, { calls_max: 2 });
    const hanging = [1, 2].map(() =>
      expect(call(upstream, { deadline_ms: 500 })).rejects.toThrow(unknown('timeout')),
    );
    await expect.poll(() => calls(server).length).toBe(2);
    await expect(call(upstream)).rejects.toThrow(unavailable);
    await Promise.all(hanging);
    expect(calls(server)).toHaveLength(2);
  });
});
