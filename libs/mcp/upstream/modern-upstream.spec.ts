import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { mcpParamHeaders } from '../param-headers.js';
import { requestMeta } from './envelope.js';
import { seen, serveModern } from './modern-sdk-server.fixture.js';
import { openUpstream } from './upstream.js';
import type { RequestOptions, Upstream } from './upstream.types.js';
import { unavailable, unknown } from './upstream-call.fixture.js';
import type { UpstreamConfig } from './upstream-config.types.js';

const CLIENT = { name: 'test', version: '1' };
const SIGNAL = new AbortController().signal;
const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});

type Open = (config?: Partial<UpstreamConfig>) => Promise<Upstream>;
const track = async (config: UpstreamConfig): Promise<Upstream> => {
  const upstream = openUpstream({ ...config, limits: { connect_wait_ms: 10_000, ...config.limits } });
  cleanup.push(upstream.close);
  await expect.poll(() => upstream.state().kind).toBe('ready');
  return upstream;
};
const overHttp: Open = async (config) => {
  const server = await serveModern();
  cleanup.push(server.close);
  return track({ name: 'm', client: CLIENT, transport: { kind: 'http', url: server.url }, ...config });
};
const overStdio: Open = (config) =>
  track({
    name: 'm',
    client: CLIENT,
    transport: {
      kind: 'stdio',
      command: process.execPath,
      args: [join(import.meta.dirname, 'modern-sdk-server.fixture.js'), 'stdio'],
      env: {},
    },
    ...config,
  });

const call = async (
  upstream: Upstream,
  params: object,
  options: Partial<RequestOptions> = {},
  capabilities = {},
  method = 'tools/call',
) => {
  const server = upstream.server();
  if (!server) throw new Error('not connected');
  const _meta = requestMeta(server, CLIENT, capabilities);
  const { kind, bytes } = await upstream.request(method, Buffer.from(JSON.stringify({ ...params, _meta })), {
    deadline_ms: 5_000,
    signal: SIGNAL,
    resultBytesMax: 100_000,
    ...options,
  });
  return { kind, json: JSON.parse(Buffer.from(bytes).toString()) };
};
const names = async (upstream: Upstream) => (await upstream.list('tools', SIGNAL)).map(({ name }) => name);

describe.each<[string, Open]>([
  ['HTTP', overHttp],
  ['stdio', overStdio],
])('a server of the modern era (SDK v2) over %s', (transport, open) => {
  it('is discovered: era, revision, capabilities and who it says it is', async () => {
    const upstream = await open();
    expect(upstream.server()).toMatchObject({
      era: 'modern',
      revision: '2026-07-28',
      capabilities: { tools: { listChanged: true } },
      info: { name: 'modern' },
      instructions: 'be kind',
    });
  });

  it('lists tools, prompts, resources and templates', async () => {
    const upstream = await open();
    expect(await names(upstream)).toContain('echo');
    expect((await upstream.list('prompts', SIGNAL)).map(({ name }) => name)).toEqual(['greet']);
    expect((await upstream.list('resources', SIGNAL)).map(({ name }) => name)).toEqual(['memo://note']);
    expect(await upstream.list('resourceTemplates', SIGNAL)).toEqual([]);
  });

  it('answers calls, prompts and reads', async () => {
    const upstream = await open();
    const echoed = await call(upstream, { name: 'echo', arguments: { message: 'hi' } });
    expect(echoed.json).toMatchObject({ resultType: 'complete', content: [{ type: 'text', text: 'hi' }] });
    expect((await call(upstream, { name: 'greet' }, {}, {}, 'prompts/get')).kind).toBe('result');
    const read = await call(upstream, { uri: 'memo://note' }, {}, {}, 'resources/read');
    expect(read.json.contents[0].text).toBe('n');
  });

  it('asks by input_required when the caller can answer, and says so when not', async () => {
    const upstream = await open();
    const asked = await call(upstream, { name: 'ask' }, {}, { elicitation: { form: {} } });
    expect(asked.json).toMatchObject({
      resultType: 'input_required',
      inputRequests: { q: { method: 'elicitation/create' } },
    });
    const refused = await call(upstream, { name: 'ask' });
    expect([refused.kind, refused.json.code]).toEqual(['error', -32_021]);
  });

  it('tells of changed tools and of a watched resource', async () => {
    const upstream = await open();
    let changes = 0;
    const updated: string[] = [];
    upstream.onListChanged((kind) => {
      if (kind === 'tools') changes++;
    });
    upstream.onResourceUpdated((uri) => updated.push(uri));
    await call(upstream, { name: 'write-note' });
    await upstream.watch('memo://note');
    await call(upstream, { name: 'write-note' });
    await expect.poll(() => updated).toEqual(['memo://note']);
    await upstream.unwatch('memo://note');
    await expect
      .poll(async () => {
        await call(upstream, { name: 'change' });
        return changes;
      })
      .toBeGreaterThan(0);
  });

  it('is sent nothing that was written for the other era', async () => {
    const upstream = await open();
    await expect(call(upstream, { name: 'echo' }, { era: 'legacy' })).rejects.toThrow(unavailable);
  });

  it('is cancelled at the deadline, and the outcome is unknown', async () => {
    const upstream = await open();
    const before = seen.cancelled;
    await expect(call(upstream, { name: 'hang' }, { deadline_ms: 300 })).rejects.toThrow(unknown('timeout'));
    if (transport === 'HTTP') await expect.poll(() => seen.cancelled).toBe(before + 1);
    expect((await call(upstream, { name: 'echo', arguments: { message: 'x' } })).kind).toBe('result');
  });
});

describe('a modern server over HTTP that wants parameters in headers', () => {
  it('gets them, and refuses a call without as an answer', async () => {
    const upstream = await overHttp();
    const tool = (await upstream.list('tools', SIGNAL)).find(({ name }) => name === 'regional');
    for (const region of ['eu-1', 'Zürich ', '=?base64?eA==?=']) {
      const headers = mcpParamHeaders(tool?.json['inputSchema'], { region });
      const answer = await call(upstream, { name: 'regional', arguments: { region } }, { headers });
      expect(answer.json.content[0].text).toBe(region);
    }
    const without = await call(upstream, { name: 'regional', arguments: { region: 'eu-1' } });
    expect([without.kind, without.json.code]).toEqual(['error', -32_020]);
  });

  it('answers an unknown method with an error, not with a failure', async () => {
    const upstream = await overHttp();
    const answer = await call(upstream, {}, {}, {}, 'nobody/knows');
    expect([answer.kind, answer.json.code]).toEqual(['error', -32_601]);
    expect(upstream.state().kind).toBe('ready');
  });
});

describe('a configured era', () => {
  it('legacy: a server of both eras is initialised', async () => {
    const upstream = await overHttp({ era: 'legacy' });
    expect(upstream.server()).toMatchObject({ era: 'legacy', revision: '2025-11-25' });
    expect(await names(upstream)).toContain('echo');
  });
});
