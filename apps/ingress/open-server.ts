import type { Logger } from 'pino';
import type { UpstreamConfig } from '#config/config.schema.js';
import { readSecret, searchPath } from '#config/load-config.js';
import { openUpstream } from '#mcp/upstream/upstream.js';
import type { Upstream } from '#mcp/upstream/upstream.types.js';
import { GATEWAY_INFO } from './mcp/initialize-result.js';

/** So that a dead upstream is refused within the 2 s of promise G3. */
const CONNECT_WAIT_MS = 1_200;

/** Begins to connect to one configured server. @throws ConfigError when a secret is not there */
export const openServer = (upstream: UpstreamConfig, logger: Logger): Upstream => {
  const { name } = upstream;
  const client = { name: GATEWAY_INFO.name, version: GATEWAY_INFO.version };
  const limits = { connect_wait_ms: CONNECT_WAIT_MS };
  if (upstream.transport === 'http') {
    const headers = Object.fromEntries(
      Object.entries(upstream.headers).map(([header, reference]) => [header, readSecret(reference)]),
    );
    return openUpstream({ name, client, limits, transport: { kind: 'http', url: upstream.url, headers } });
  }
  const env = Object.fromEntries(
    Object.entries(upstream.env).map(([variable, value]) => [
      variable,
      typeof value === 'string' ? value : readSecret(value),
    ]),
  );
  return openUpstream({
    name,
    client,
    limits,
    transport: {
      kind: 'stdio',
      command: upstream.command === 'node' ? process.execPath : upstream.command,
      args: upstream.args,
      env: { PATH: searchPath(), ...env },
      ...(upstream.cwd === undefined ? {} : { cwd: upstream.cwd }),
      onLog: (line) => logger.debug({ server: name, bytes: line.length }, 'the upstream wrote to stderr'),
    },
  });
};
