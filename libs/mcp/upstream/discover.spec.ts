import { describe, expect, it } from 'vitest';
import { openStream, sendJson, sendResult } from './http-server.fixture.js';
import { open, serve } from './http-upstream.fixture.js';
import * as stdio from './stdio-upstream.fixture.js';

/** A server whose answer to server/discover is up to the test; everything else is legacy. */
const probed = (answer: (id: unknown) => object | string, status = 200) =>
  serve({
    first: ({ method, id }, res) => {
      if (method !== 'server/discover') return false;
      sendJson(res, answer(id), status);
      return true;
    },
  });
const error = (code: number, data?: object) => (id: unknown) => ({
  jsonrpc: '2.0',
  id,
  error: { code, message: 'no', data },
});
const result = (json: object) => (id: unknown) => ({ jsonrpc: '2.0', id, result: json });

describe('the era of an HTTP server', () => {
  it.each<[string, (id: unknown) => object | string, number]>([
    ['an unknown method', error(-32_601), 200],
    ['an unknown method as 404', error(-32_601), 404],
    ['400 without a body of MCP', () => 'Bad Request', 400],
    ['400 with an error of another kind', error(-32_000), 400],
    ['405', () => '', 405],
    ['a result that is none', result({}), 200],
    ['a result of legacy revisions', result({ supportedVersions: ['2025-11-25'] }), 200],
    ['an unsupported revision, and a legacy one instead', error(-32_022, { supported: ['2025-11-25'] }), 400],
    ['an unsupported revision without a list', error(-32_022), 400],
    ['a page for browsers', () => '<html>', 200],
  ])('is legacy after %s', async (_, answer, status) => {
    const server = await probed(answer, status);
    const upstream = open(server.url);
    await expect.poll(() => upstream.server()?.era).toBe('legacy');
    expect(server.methods().slice(0, 2)).toEqual(['server/discover', 'initialize']);
  });

  it.each<[string, (id: unknown) => object | string, number, string]>([
    ['only unknown modern revisions', error(-32_022, { supported: ['2099-01-01'] }), 400, 'in common'],
    ['a header it misses', error(-32_020), 400, '-32020'],
    ['a capability it misses', error(-32_021), 400, '-32021'],
    ['a missing credential', () => '', 401, 'HTTP 401'],
    ['a missing permission', error(-32_601), 403, 'HTTP 403'],
    ['too many requests', () => '', 429, 'HTTP 429'],
    ['a fault of its own', error(-32_601), 503, 'HTTP 503'],
  ])('is not guessed after %s: down, nothing else is sent', async (_, answer, status, reason) => {
    const server = await probed(answer, status);
    const upstream = open(server.url, { backoff_first_ms: 60_000, backoff_max_ms: 60_000 });
    await expect
      .poll(() => upstream.state())
      .toMatchObject({
        kind: 'down',
        reason: expect.stringContaining(reason),
      });
    expect(server.methods()).toEqual(['server/discover']);
  });

  it('is asked for once more after a refusal that names the very revision', async () => {
    const answers = [
      error(-32_022, { supported: ['2026-07-28'] }),
      result({ resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} }),
    ];
    const server = await probed((id) => answers.shift()?.(id) ?? '', 200);
    const upstream = open(server.url, { backoff_first_ms: 60_000, backoff_max_ms: 60_000 });
    await expect.poll(() => upstream.server()?.era).toBe('modern');
    expect(server.methods().slice(0, 2)).toEqual(['server/discover', 'server/discover']);
    expect(server.methods()).not.toContain('initialize');
  });

  it('is legacy when it refuses its own revision twice', async () => {
    const server = await probed(error(-32_022, { supported: ['2026-07-28'] }), 400);
    const upstream = open(server.url);
    await expect.poll(() => upstream.server()?.era).toBe('legacy');
    expect(server.methods().slice(0, 3)).toEqual(['server/discover', 'server/discover', 'initialize']);
  });

  it('is legacy when it keeps silent', async () => {
    const server = await serve({ first: ({ method }) => method === 'server/discover' });
    const upstream = open(server.url, { probe_ms: 100 });
    await expect.poll(() => upstream.server()?.era).toBe('legacy');
  });

  it('modern as configured: a legacy server is down', async () => {
    const server = await serve({});
    const upstream = open(server.url, {}, {}, { era: 'modern' });
    await expect.poll(() => upstream.state().kind).toBe('down');
    expect(server.methods()).not.toContain('initialize');
  });

  it('legacy as configured: nothing else is asked', async () => {
    const server = await serve({});
    const upstream = open(server.url, {}, {}, { era: 'legacy' });
    await expect.poll(() => upstream.state().kind).toBe('ready');
    expect(server.methods()).not.toContain('server/discover');
  });

  it('is asked again when a modern server has become a legacy one; the call is not sent again', async () => {
    let modern = true;
    const supportedVersions = ['2026-07-28'];
    const server = await serve({
      first: ({ method, id }, res) => {
        if (method === 'server/discover' && modern)
          sendResult(res, id, { supportedVersions, capabilities: {} });
        else if (method === 'server/discover') res.writeHead(400).end();
        else if (method === 'tools/call') res.writeHead(400).end();
        else return false;
        return true;
      },
    });
    const upstream = open(server.url);
    await expect.poll(() => upstream.server()?.era).toBe('modern');
    modern = false;
    const params = { name: 't', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
    const options = { deadline_ms: 5_000, signal: new AbortController().signal, resultBytesMax: 1_000 };
    await expect(
      upstream.request('tools/call', Buffer.from(JSON.stringify(params)), options),
    ).rejects.toThrow(expect.objectContaining({ code: 'upstream_unavailable', detail: 'HTTP 400' }));
    await expect.poll(() => upstream.server()?.era).toBe('legacy');
    expect(server.methods().filter((method) => method === 'tools/call')).toHaveLength(1);
  });
});

describe('the era of a stdio server', () => {
  it.each([
    ['answers an error', []],
    ['keeps silent', ['--probe=silent']],
    ['ends at what it does not know', ['--probe=die']],
  ])('is legacy when it %s', async (_, args) => {
    const upstream = stdio.open(args, { probe_ms: 2_000 });
    await expect.poll(() => upstream.server()?.era).toBe('legacy');
    expect(await stdio.textOf(upstream, 'echo')).toBe('echo');
    expect(await stdio.textOf(upstream, 'seen')).not.toContain('notifications/cancelled');
  });
});

describe('a modern answer that is not allowed', () => {
  const serving = async (behave: Parameters<typeof serve>[0]['call']) => {
    const server = await serve({
      call: behave ?? (() => {}),
      first: ({ method, id }, res) => {
        if (method !== 'server/discover') return false;
        sendResult(res, id, { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } });
        return true;
      },
    });
    const upstream = open(server.url);
    await expect.poll(() => upstream.state().kind).toBe('ready');
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    const send = (capabilities = {}) =>
      upstream.request(
        'tools/call',
        Buffer.from(
          JSON.stringify({
            name: 't',
            _meta: { ...meta, 'io.modelcontextprotocol/clientCapabilities': capabilities },
          }),
        ),
        { deadline_ms: 5_000, signal: new AbortController().signal, resultBytesMax: 1_000 },
      );
    return { server, send, upstream };
  };
  const code = (expected: string) => expect.objectContaining({ code: expected });

  it('a type nobody declared is upstream_invalid; task only for who declared tasks', async () => {
    let type: unknown = 'novelty';
    const { send } = await serving(({ id }, res) => sendResult(res, id, { content: [], resultType: type }));
    await expect(send()).rejects.toThrow(code('upstream_invalid'));
    type = 7;
    await expect(send()).rejects.toThrow(code('upstream_invalid'));
    type = 'task';
    await expect(send()).rejects.toThrow(code('upstream_invalid'));
    expect((await send({ extensions: { 'io.modelcontextprotocol/tasks': {} } })).kind).toBe('result');
    type = undefined;
    expect((await send()).kind).toBe('result');
  });

  it('a request of the server on the stream makes the outcome unknown', async () => {
    const { send } = await serving(({ id }, res) => {
      openStream(res);
      res.write('data: {"jsonrpc":"2.0","id":1,"method":"roots/list"}\n\n');
      res.end(`data: {"jsonrpc":"2.0","id":${id},"result":{}}\n\n`);
    });
    await expect(send()).rejects.toThrow(expect.objectContaining({ reason: 'invalid_answer' }));
  });

  it('an error about headers or the revision is an answer, and the list or the era is asked for anew', async () => {
    let code = -32_020;
    const { server, send, upstream } = await serving(({ id }, res) =>
      sendJson(res, { jsonrpc: '2.0', id, error: { code, message: 'no' } }, 400),
    );
    const changed: string[] = [];
    upstream.onListChanged((kind) => changed.push(kind));
    expect((await send()).kind).toBe('error');
    expect(changed).toEqual(['tools']);
    code = -32_022;
    expect((await send()).kind).toBe('error');
    expect(upstream.state().kind).toBe('ready');
    await expect.poll(() => server.methods().filter((method) => method === 'server/discover').length).toBe(2);
  });

  it('a stream that stops is not resumed', async () => {
    const { server, send } = await serving((_, res) => {
      openStream(res);
      res.end('id: e-1\nretry: 1\ndata:\n\n');
    });
    await expect(send()).rejects.toThrow(expect.objectContaining({ reason: 'connection_lost' }));
    expect(server.received.some(({ http }) => http === 'GET')).toBe(false);
  });
});
