/** What the specs of stdio upstreams share; upstreams are closed after each test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import type { UpstreamLimits } from './limits.js';
import { openUpstream } from './upstream.js';
import type { RequestOptions, Upstream } from './upstream.types.js';
import { callWith } from './upstream-call.fixture.js';
import type { UpstreamConfig } from './upstream-config.types.js';

export const FIXTURE = join(import.meta.dirname, 'stdio-server.fixture.js');
export const opened: Upstream[] = [];
export const folder = mkdtempSync(join(tmpdir(), 'countersign-stdio-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(opened.splice(0).map((upstream) => upstream.close()));
});

export const open = (
  args: readonly string[] = [],
  limits: Partial<UpstreamLimits> = {},
  onLog: (line: string) => void = () => {},
  more: Partial<UpstreamConfig> = {},
): Upstream => {
  const upstream = openUpstream({
    name: 'fixture',
    client: { name: 'test', version: '1' },
    transport: {
      kind: 'stdio',
      command: process.execPath,
      args: [FIXTURE, ...args],
      env: { ONLY: 'this' },
      cwd: folder,
      onLog,
    },
    limits: { connect_wait_ms: 10_000, backoff_first_ms: 20, exit_ms: 300, ...limits },
    ...more,
  });
  opened.push(upstream);
  return upstream;
};

export const call = (upstream: Upstream, name: string, options?: Partial<RequestOptions>, more = {}) =>
  callWith(upstream, Buffer.from(JSON.stringify({ name, ...more })), options);
export const textOf = async (upstream: Upstream, name: string): Promise<string> =>
  JSON.parse((await call(upstream, name)).text).content[0].text;
