import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { SERVER_REQUEST_METHODS } from './client-capabilities.js';
import { requestMeta } from './envelope.js';
import { openUpstream } from './upstream.js';
import type { ServerRequest, Upstream } from './upstream.types.js';
import { callWith } from './upstream-call.fixture.js';
import type { HttpTransport, StdioTransport } from './upstream-config.types.js';

const CLIENT = { name: 'test', version: '1' };
const PATH = dirname(process.execPath);
const folder = mkdtempSync(join(tmpdir(), 'countersign-servers-'));
const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scriptOf = (name: string, script: string): string => {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders.map((path) => join(path, name, script)).find((path) => existsSync(path));
  if (!found) throw new Error(`${name} is not installed`);
  return found;
};
const open = (transport: StdioTransport | HttpTransport): Upstream => {
  const limits = { connect_wait_ms: 15_000 };
  const serverRequests = SERVER_REQUEST_METHODS;
  const upstream = openUpstream({ name: 'real', client: CLIENT, transport, limits, serverRequests });
  cleanup.push(upstream.close);
  return upstream;
};
const stdio = (script: string, ...args: string[]): Upstream =>
  open({ kind: 'stdio', command: process.execPath, args: [script, ...args], env: { PATH }, cwd: folder });
const names = async (upstream: Upstream) =>
  (await upstream.list('tools', new AbortController().signal)).map(({ name }) => name);
const call = async (upstream: Upstream, name: string, args: object, more = {}, options = {}) => {
  const server = upstream.server();
  const modern = server?.era === 'modern' && { _meta: requestMeta(server, CLIENT, {}) };
  const params = Buffer.from(JSON.stringify({ name, arguments: args, ...modern, ...more }));
  const { text } = await callWith(upstream, params, { resultBytesMax: 1_000_000, ...options });
  return JSON.parse(text);
};

const everything = () => scriptOf('@modelcontextprotocol/server-everything', 'dist/index.js');
const everythingOverHttp = async (port: number, mode = 'streamableHttp'): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [everything(), mode], {
    env: { PATH, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  cleanup.push(end);
  return child;
};
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
};

describe('real servers', () => {
  it('server-everything over stdio: lists, calls, reports progress', async () => {
    const upstream = stdio(everything(), 'stdio');
    expect(await names(upstream)).toEqual(
      expect.arrayContaining(['echo', 'get-sum', 'trigger-long-running-operation']),
    );
    expect(await call(upstream, 'echo', { message: 'hi' })).toEqual({
      content: [{ type: 'text', text: 'Echo: hi' }],
    });
    const reports: object[] = [];
    await call(
      upstream,
      'trigger-long-running-operation',
      { duration: 0.2, steps: 2 },
      { _meta: { progressToken: 'p' } },
      { progressToken: 'p', onProgress: (progress: object) => reports.push(progress) },
    );
    expect(reports).toEqual([
      { progress: 1, total: 2 },
      { progress: 2, total: 2 },
    ]);
  });

  it('server-everything over Streamable HTTP: sessions, event streams, and a restart that costs no call', async () => {
    const port = await freePort();
    const first = await everythingOverHttp(port);
    const upstream = open({ kind: 'http', url: `http://127.0.0.1:${port}/mcp` });
    await expect.poll(() => upstream.state().kind).toBe('ready');
    expect(await names(upstream)).toContain('echo');
    expect(await call(upstream, 'echo', { message: 'hi' })).toEqual({
      content: [{ type: 'text', text: 'Echo: hi' }],
    });
    const sums = await Promise.all([1, 2, 3].map((a) => call(upstream, 'get-sum', { a, b: 1 })));
    expect(sums.map(({ content }) => content[0].text)).toEqual(
      [2, 3, 4].map((sum) => expect.stringContaining(`${sum}`)),
    );
    first.kill('SIGKILL');
    await once(first, 'exit');
    await everythingOverHttp(port);
    await expect
      .poll(
        () =>
          fetch(`http://127.0.0.1:${port}/mcp`).then(
            (r) => r.status,
            () => 0,
          ),
        { timeout: 30_000 },
      )
      .toBe(400);
    // One that has noticed is between two attempts; one that has not learns it from its next request.
    await expect.poll(() => upstream.state().kind).toBe('ready');
    expect(await call(upstream, 'echo', { message: 'again' })).toEqual({
      content: [{ type: 'text', text: 'Echo: again' }],
    });
  }, 60_000);

  it('server-everything over HTTP+SSE: named so, and found behind Streamable HTTP', async () => {
    const port = await freePort();
    await everythingOverHttp(port, 'sse');
    for (const kind of ['sse', 'http'] as const) {
      const upstream = open({ kind, url: `http://127.0.0.1:${port}/sse` });
      await expect.poll(() => upstream.state().kind).toBe('ready');
      expect(await names(upstream)).toContain('echo');
      expect(await call(upstream, 'get-sum', { a: 2, b: 3 })).toMatchObject({
        content: [{ text: expect.stringContaining('5') }],
      });
      await upstream.close();
    }
  });

  it.each(['stdio', 'streamableHttp'])(
    'server-everything over %s: its questions reach the call that caused them',
    async (mode) => {
      const port = await freePort();
      if (mode !== 'stdio') await everythingOverHttp(port, mode);
      const upstream =
        mode === 'stdio'
          ? stdio(everything(), 'stdio')
          : open({ kind: 'http', url: `http://127.0.0.1:${port}/mcp` });
      await expect.poll(() => upstream.state().kind).toBe('ready');
      const asked: string[] = [];
      const onServerRequest = async ({ method }: ServerRequest) => {
        asked.push(method);
        const answer =
          method === 'elicitation/create'
            ? { action: 'accept', content: { name: 'Ada' } }
            : { model: 'm', role: 'assistant', content: { type: 'text', text: 'sampled words' } };
        return { kind: 'result' as const, bytes: Buffer.from(JSON.stringify(answer)) };
      };
      // Offered once it has seen what this client can do.
      await expect.poll(() => names(upstream)).toContain('trigger-sampling-request');
      const sampled = await call(
        upstream,
        'trigger-sampling-request',
        { prompt: 'p', maxTokens: 5 },
        {},
        { onServerRequest },
      );
      expect(JSON.stringify(sampled)).toContain('sampled words');
      const elicited = await call(upstream, 'trigger-elicitation-request', {}, {}, { onServerRequest });
      expect(JSON.stringify(elicited)).toContain('Ada');
      expect(asked).toEqual(['sampling/createMessage', 'elicitation/create']);
    },
  );

  it('server-everything over stdio: prompts, resources, templates, and a watched resource', async () => {
    const upstream = stdio(everything(), 'stdio');
    const signal = new AbortController().signal;
    for (const kind of ['prompts', 'resources', 'resourceTemplates'] as const)
      expect((await upstream.list(kind, signal)).length).toBeGreaterThan(0);
    const [resource] = await upstream.list('resources', signal);
    const updated: string[] = [];
    upstream.onResourceUpdated((uri) => updated.push(uri));
    await upstream.watch(resource?.name ?? '');
    await call(upstream, 'toggle-subscriber-updates', {});
    await expect.poll(() => updated).toContain(resource?.name);
    await upstream.unwatch(resource?.name ?? '');
  });

  it('server-filesystem over stdio: reads a file and refuses one outside its folder as a result', async () => {
    writeFileSync(join(folder, 'a.txt'), 'content of a');
    const upstream = stdio(scriptOf('@modelcontextprotocol/server-filesystem', 'dist/index.js'), folder);
    expect(await names(upstream)).toContain('read_text_file');
    const result = await call(upstream, 'read_text_file', { path: join(folder, 'a.txt') });
    expect(result.content[0].text).toBe('content of a');
    expect(await call(upstream, 'read_text_file', { path: '/etc/hostname' })).toMatchObject({
      isError: true,
    });
  });

  it('dbhub over stdio: runs SQL, however much it prints', async () => {
    const dsn = `sqlite://${join(folder, 'bank.db')}`;
    const upstream = stdio(
      scriptOf('@bytebase/dbhub', 'dist/index.js'),
      '--transport',
      'stdio',
      '--dsn',
      dsn,
    );
    expect(await names(upstream)).toContain('execute_sql');
    const result = await call(upstream, 'execute_sql', { sql: 'select 40 + 2 as answer' });
    expect(result.content[0].text).toContain('42');
  });
});
