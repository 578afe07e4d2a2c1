import { describe, expect, it } from 'vitest';
import { openStream, sendJson, sendResult, startServer } from './http-server.fixture.js';
import { call, calls, open, PARAMS, response, serve, start } from './http-upstream.fixture.js';
import { openUpstream } from './upstream.js';
import { unavailable } from './upstream-call.fixture.js';

describe('an HTTP upstream', () => {
  it('initialises, then sends params exactly as given, with session, revision and configured headers', async () => {
    const server = await serve({
      session: 's-1',
      call: ({ id }, res) => sendJson(res, `{"jsonrpc":"2.0","result": {"n":1.50} ,"id":${id}}`),
    });
    const upstream = open(`${server.url}?tenant=a`, {}, { headers: { Authorization: 'Bearer gateway' } });
    expect(await call(upstream)).toEqual({ kind: 'result', text: '{"n":1.50}' });
    const [sent] = calls(server);
    expect(sent?.path).toBe('/mcp?tenant=a');
    expect(sent?.body).toContain(`"params":${PARAMS}}`);
    expect(sent?.headers).toMatchObject({
      authorization: 'Bearer gateway',
      'mcp-session-id': 's-1',
      'mcp-protocol-version': '2025-11-25',
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    });
    expect(server.methods().slice(0, 3)).toEqual([
      'server/discover',
      'initialize',
      'notifications/initialized',
    ]);
    expect(server.received[1]?.headers).not.toHaveProperty('mcp-session-id');
  });

  it('reads an answer from an event stream, past comments, progress and questions of the server', async () => {
    const { server, upstream } = await start({
      call: ({ id }, res) => {
        openStream(res);
        res.write(': wait\r\n\r\nid: 1\ndata:\n\n');
        res.write(
          'data: {"jsonrpc":"2.0","method":"notifications/progress",\r\ndata: "params":{"progressToken":"t","progress":1}}\r\n\r\n',
        );
        res.write('data: {"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}\n\n');
        res.write(`data: ${response(4711)}\n\nevent: other\ndata: not json\n\n`);
        const bytes = Buffer.from(`data: ${response(id, 'ü')}\r\r`);
        const cut = bytes.indexOf(0xc3) + 1;
        res.write(bytes.subarray(0, cut));
        setTimeout(() => res.end(bytes.subarray(cut)), 20);
      },
    });
    const reports: object[] = [];
    expect(await call(upstream, { progressToken: 't', onProgress: (p) => reports.push(p) })).toEqual({
      kind: 'result',
      text: '{"text":"ü"}',
    });
    expect(reports).toEqual([{ progress: 1 }]);
    await expect
      .poll(() => server.received.some(({ body }) => body.includes('"id":"q"') && body.includes('-32601')))
      .toBe(true);
  });

  it('returns JSON-RPC errors as bytes, also when they come with a 4xx status', async () => {
    const { server, upstream } = await start({
      call: ({ id }, res) =>
        sendJson(res, `{"jsonrpc":"2.0","id":${id},"error":{"code":-32602, "message":"no"}}`),
    });
    expect(await call(upstream)).toEqual({ kind: 'error', text: '{"code":-32602, "message":"no"}' });
    server.behaviour.call = ({ id }, res) =>
      sendJson(res, { jsonrpc: '2.0', id, error: { code: 1, message: 'm' } }, 400);
    expect(await call(upstream)).toEqual({ kind: 'error', text: '{"code":1,"message":"m"}' });
  });

  it('hears from the server stream that the tools have changed', async () => {
    const { upstream } = await start({
      get: (_, res) => {
        openStream(res);
        setTimeout(
          () => res.write('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n'),
          50,
        );
      },
    });
    let changes = 0;
    upstream.onListChanged((kind) => {
      if (kind === 'tools') changes++;
    });
    await expect.poll(() => changes).toBe(2);
  });

  it('opens the server stream again from its last event', async () => {
    const seen: unknown[] = [];
    const { upstream } = await start({
      get: ({ headers }, res) => {
        seen.push(headers['last-event-id']);
        openStream(res);
        if (seen.length === 1) res.end('id: e1\nretry: 30\ndata:\n\n');
      },
    });
    await call(upstream);
    await expect.poll(() => seen).toEqual([undefined, 'e1']);
  });

  it('refuses addresses and headers that cannot work', () => {
    const config = (url: string, headers = {}) => ({
      name: 'x',
      client: { name: 'test', version: '1' },
      transport: { kind: 'http', url, headers } as const,
    });
    expect(() => openUpstream(config('ftp://127.0.0.1/'))).toThrow(TypeError);
    expect(() => openUpstream(config('http://user:pw@127.0.0.1/'))).toThrow(TypeError);
    expect(() => openUpstream(config('http://127.0.0.1/', { 'Mcp-Session-Id': 'x' }))).toThrow(/reserved/);
    expect(() => openUpstream(config('http://127.0.0.1/', { 'X-A': 'a\r\nX-B: b' }))).toThrow(/malformed/);
  });
});

describe('the session of an HTTP upstream', () => {
  it('that a restarted server has forgotten is replaced before the call, which is sent once', async () => {
    const first = await startServer({ session: 's-1', call: ({ id }, res) => sendResult(res, id) });
    const port = Number(new URL(first.url).port);
    const upstream = open(first.url);
    await call(upstream);
    await first.close();
    const second = await serve({ session: 's-2', call: ({ id }, res) => sendResult(res, id) }, port);
    // Until then the closed connection has not been noticed, and a call over it would rightly be of unknown outcome.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await call(upstream)).kind).toBe('result');
    expect(calls(second).map(({ headers }) => headers['mcp-session-id'])).toEqual(['s-2']);
    expect(second.methods()).toEqual(expect.arrayContaining(['ping', 'initialize']));
  });

  it('that ends just when a call arrives: the call is refused as not carried out, never resent, and the next one works', async () => {
    const { server, upstream } = await start({ session: 's-1', call: ({ id }, res) => sendResult(res, id) });
    await call(upstream);
    server.behaviour.session = 's-2';
    await expect(call(upstream)).rejects.toThrow(unavailable);
    expect((await call(upstream)).kind).toBe('result');
    expect(calls(server).map(({ headers }) => headers['mcp-session-id'])).toEqual(['s-1', 's-1', 's-2']);
  });

  it('is ended with DELETE on close', async () => {
    const { server, upstream } = await start({ session: 's-1' });
    await call(upstream);
    await upstream.close();
    expect(server.methods()).toContain('DELETE');
  });
});

describe('an HTTP upstream that cannot be reached', () => {
  it('is down with a reason, and ready once it is there', async () => {
    const probe = await startServer();
    await probe.close();
    const upstream = open(probe.url);
    await expect.poll(() => upstream.state()).toEqual({ kind: 'down', reason: 'ECONNREFUSED' });
    await expect(call(upstream)).rejects.toThrow(unavailable);
    let ready = 0;
    upstream.onListChanged((kind) => {
      if (kind === 'tools') ready++;
    });
    await serve({}, Number(new URL(probe.url).port));
    await expect.poll(() => upstream.state().kind).toBe('ready');
    expect(ready).toBe(1);
  });

  it.each([
    ['refuses to initialise', 401, 'HTTP 401'],
    ['breaks while initialising', 500, 'server/discover: HTTP 500'],
  ])('%s: down, without a word of its body', async (_, status, reason) => {
    const { upstream } = await start({
      first: (_request, res) => {
        res.writeHead(status, { 'content-type': 'text/plain' }).end('secret');
        return true;
      },
    });
    await expect.poll(() => upstream.state()).toEqual({ kind: 'down', reason });
  });

  it('fails calls at once while it is down', async () => {
    const probe = await startServer();
    await probe.close();
    const upstream = open(probe.url, { backoff_first_ms: 60_000, backoff_max_ms: 60_000 });
    await expect.poll(() => upstream.state().kind).toBe('down');
    await expect(call(upstream, { deadline_ms: 60_000 })).rejects.toThrow(unavailable);
  });
});
