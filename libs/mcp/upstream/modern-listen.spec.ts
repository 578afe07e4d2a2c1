import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { openStream, type Received, sendJson, sendResult } from './http-server.fixture.js';
import { open, serve } from './http-upstream.fixture.js';
import type { UpstreamLimits } from './limits.js';
import type { ListKind } from './upstream.types.js';
import { unavailable } from './upstream-call.fixture.js';

const SIGNAL = new AbortController().signal;
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const EVERYTHING = { tools: { listChanged: true }, prompts: {}, resources: { subscribe: true } };

interface Listening {
  readonly id: unknown;
  readonly filter: Readonly<Record<string, unknown>>;
  say(method: string, params?: object): void;
  raw(text: string): void;
  end(): void;
  closed: boolean;
}

/** A modern server whose subscription streams are in the test's hands. */
const start = async ({
  capabilities = EVERYTHING as object,
  agree = (filter: object): object | undefined => filter,
  tools = { tools: [] } as object,
  limits = {} as Partial<UpstreamLimits>,
  onWarning = (_: string): void => {},
} = {}) => {
  const streams: Listening[] = [];
  const listen = ({ id, body }: Received, res: ServerResponse): void => {
    const filter = JSON.parse(body).params.notifications;
    const agreed = agree(filter);
    if (!agreed) {
      sendJson(res, { jsonrpc: '2.0', id, error: { code: -32_601, message: 'no' } }, 404);
      return;
    }
    openStream(res);
    const say = (method: string, params: object = {}): void => {
      const all = { ...params, _meta: { [SUBSCRIPTION]: id } };
      res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method, params: all })}\n\n`);
    };
    const stream: Listening = {
      id,
      filter,
      say,
      raw: (text) => void res.write(text),
      end: () => void res.end(),
      closed: false,
    };
    res.on('close', () => {
      stream.closed = true;
    });
    streams.push(stream);
    say('notifications/subscriptions/acknowledged', { notifications: agreed });
  };
  const server = await serve({
    first: (request, res) => {
      const { method, id } = request;
      if (method === 'server/discover')
        sendResult(res, id, { supportedVersions: ['2026-07-28'], capabilities });
      else if (method === 'subscriptions/listen') listen(request, res);
      else if (method === 'tools/list') sendResult(res, id, tools);
      else return false;
      return true;
    },
  });
  const upstream = open(server.url, limits, {}, { onWarning });
  const changed: ListKind[] = [];
  const updated: string[] = [];
  await expect.poll(() => upstream.state().kind).toBe('ready');
  upstream.onListChanged((kind) => changed.push(kind));
  upstream.onResourceUpdated((uri) => updated.push(uri));
  return { server, upstream, streams, changed, updated };
};

describe('the subscription of a modern upstream', () => {
  it('asks for what the server declares, and tells what comes, past keep-alives', async () => {
    const { streams, changed } = await start();
    await expect.poll(() => streams.length).toBe(1);
    expect(streams[0]?.filter).toEqual({ toolsListChanged: true });
    streams[0]?.raw(':\r\n\r\n: still here\n\n');
    streams[0]?.say('notifications/tools/list_changed');
    await expect.poll(() => changed).toEqual(['tools']);
  });

  it('is not opened for a server that declares nothing of the kind', async () => {
    const { server, upstream } = await start({ capabilities: { tools: {} } });
    await upstream.list('tools', SIGNAL);
    expect(server.methods()).not.toContain('subscriptions/listen');
    await expect(upstream.watch('a:b')).rejects.toThrow(unavailable);
  });

  it('that breaks is opened again, and everything counts as changed', async () => {
    const { streams, changed } = await start();
    await expect.poll(() => streams.length).toBe(1);
    streams[0]?.end();
    await expect.poll(() => streams.length).toBe(2);
    await expect
      .poll(() => [...changed].sort())
      .toEqual(['prompts', 'resourceTemplates', 'resources', 'tools']);
  });

  it('that the server declines is not asked for again', async () => {
    const { server } = await start({ agree: () => undefined });
    await expect.poll(() => server.methods()).toContain('subscriptions/listen');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.methods().filter((method) => method === 'subscriptions/listen')).toHaveLength(1);
  });

  it('grows with watched resources: the new stream is there before the old one goes', async () => {
    const { streams, updated, upstream } = await start();
    await expect.poll(() => streams.length).toBe(1);
    await upstream.watch('a:1');
    expect(streams[1]?.filter).toEqual({ toolsListChanged: true, resourceSubscriptions: ['a:1'] });
    await expect.poll(() => streams[0]?.closed).toBe(true);
    streams[1]?.say('notifications/resources/updated', { uri: 'a:1' });
    streams[1]?.say('notifications/resources/updated', { uri: 'not:watched' });
    await expect.poll(() => updated).toEqual(['a:1']);
    await upstream.unwatch('a:1');
    await expect.poll(() => streams.at(-1)?.filter).toEqual({ toolsListChanged: true });
  });

  it('without a resource in the acknowledgement: that resource is not watched', async () => {
    const { upstream } = await start({ agree: () => ({ toolsListChanged: true }) });
    await expect(upstream.watch('a:1')).rejects.toThrow(unavailable);
  });

  it('is kept over a reconnection with all that is watched', async () => {
    const { streams, upstream } = await start();
    await upstream.watch('a:1');
    const before = streams.length;
    for (const stream of streams) stream.end();
    await expect.poll(() => streams.length).toBeGreaterThan(before);
    expect(streams.at(-1)?.filter['resourceSubscriptions']).toEqual(['a:1']);
  });

  it('that floods is held down', async () => {
    const { streams, changed } = await start();
    await expect.poll(() => streams.length).toBe(1);
    for (let i = 0; i < 5_000; i++) streams[0]?.say('notifications/tools/list_changed');
    await expect.poll(() => changed.length).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(changed.length).toBeLessThan(100);
  });
});

describe('a list of a modern upstream', () => {
  it('counts as changed when its time to live is over', async () => {
    const tools = { tools: [{ name: 'a' }], ttlMs: 1 };
    const { changed, upstream } = await start({ tools, limits: { list_ttl_min_ms: 30 } });
    changed.length = 0;
    await upstream.list('tools', SIGNAL);
    await expect.poll(() => changed).toEqual(['tools']);
  });

  it('without a time to live is left alone while the server tells of changes', async () => {
    const { changed, streams, upstream } = await start({ limits: { list_poll_ms: 20 } });
    await expect.poll(() => streams.length).toBe(1);
    await upstream.list('tools', SIGNAL);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(changed).toEqual([]);
  });

  it('leaves out a tool whose annotations are invalid, with a warning, and keeps the others', async () => {
    const schema = { properties: { a: { type: 'number', 'x-mcp-header': 'A' } } };
    const warnings: string[] = [];
    const { upstream } = await start({
      tools: { tools: [{ name: 'bad\u001b[0m', inputSchema: schema }, { name: 'good' }] },
      onWarning: (text) => warnings.push(text),
    });
    expect((await upstream.list('tools', SIGNAL)).map(({ name }) => name)).toEqual(['good']);
    expect(warnings[0]).toMatch(/^the tool bad \[0m was left out: x-mcp-header/);
  });
});
