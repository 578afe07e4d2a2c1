import type { Logger } from 'pino';
import type { UpstreamConfig } from '#config/config.schema.js';
import { readSecret, searchPath } from '#config/load-config.js';
import { openUpstream } from '#mcp/upstream/upstream.js';
import type { Upstream } from '#mcp/upstream/upstream.types.js';
import type { HttpTransport } from '#mcp/upstream/upstream-config.types.js';
import { GATEWAY_INFO } from './mcp/gateway-info.js';

/** So that a dead upstream is refused within the 2 s of promise G3. */
const CONNECT_WAIT_MS = 1_200;

/** How the gateway reaches a server and what it shows there of itself. */
export type ConnectionOf = (
  upstream: Exclude<UpstreamConfig, { transport: 'stdio' }>,
) => Pick<HttpTransport, 'auth' | 'connector'>;

/** Begins to connect to one configured server. @throws ConfigError when a secret is not there */
export const openServer = (
  upstream: UpstreamConfig,
  connectionOf: ConnectionOf,
  logger: Logger,
): Upstream => {
  const { name, era } = upstream;
  const common = {
    name,
    client: { name: GATEWAY_INFO.name, version: GATEWAY_INFO.version },
    era,
    limits: { connect_wait_ms: CONNECT_WAIT_MS },
    serverRequests: upstream.server_requests,
    onWarning: (text: string) => logger.warn({ server: name }, text),
  };
  if (upstream.transport !== 'stdio') {
    const headers = Object.fromEntries(
      Object.entries(upstream.headers).map(([header, reference]) => [header, readSecret(reference)]),
    );
    const { transport, url } = upstream;
    return openUpstream({
      ...common,
      transport: { kind: transport, url, headers, ...connectionOf(upstream) },
    });
  }
  const env = Object.fromEntries(
    Object.entries(upstream.env).map(([variable, value]) => [
      variable,
      typeof value === 'string' ? value : readSecret(value),
    ]),
  );
  return openUpstream({
    ...common,
    transport: {
      kind: 'stdio',
      command: upstream.command === 'node' ? process.execPath : upstream.command,
      args: upstream.args,
      env: { PATH: searchPath(), ...env },
      ...(upstream.cwd === undefined ? {} : { cwd: upstream.cwd }),
      onLog: (line) => logger.info({ server: name, line }, 'the upstream wrote'),
    },
  });
};
