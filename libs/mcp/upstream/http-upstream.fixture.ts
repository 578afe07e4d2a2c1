/** What the specs of HTTP upstreams share; servers and upstreams are closed after each test. */
import { afterEach } from 'vitest';
import { type Behaviour, startServer, type TestServer } from './http-server.fixture.js';
import type { UpstreamLimits } from './limits.js';
import { openUpstream } from './upstream.js';
import type { RequestOptions, Upstream } from './upstream.types.js';
import { callWith } from './upstream-call.fixture.js';
import type { HttpTransport, UpstreamConfig } from './upstream-config.types.js';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});

export const serve = async (behaviour: Behaviour, port?: number): Promise<TestServer> => {
  const server = await startServer(behaviour, port);
  cleanup.push(server.close);
  return server;
};
export const open = (
  url: string,
  limits: Partial<UpstreamLimits> = {},
  transport: Partial<HttpTransport> = {},
  more: Partial<UpstreamConfig> = {},
): Upstream => {
  const upstream = openUpstream({
    name: 'fixture',
    client: { name: 'test', version: '1' },
    transport: { kind: 'http', url, ...transport },
    limits: { backoff_first_ms: 20, ...limits },
    ...more,
  });
  cleanup.push(upstream.close);
  return upstream;
};
export const start = async (behaviour: Behaviour, limits?: Partial<UpstreamLimits>) => {
  const server = await serve(behaviour);
  return { server, upstream: open(server.url, limits) };
};
export const PARAMS = Buffer.from('{ "name":"t","arguments":{"n":1.0} }');
export const call = (upstream: Upstream, options?: Partial<RequestOptions>) =>
  callWith(upstream, PARAMS, options);
export const calls = (server: TestServer) => server.received.filter(({ method }) => method === 'tools/call');
export const response = (id: unknown, text = 'ok') =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { text } });
