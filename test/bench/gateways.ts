import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDistributed } from '../../apps/standalone/distributed/start-distributed.js';
import {
  freePort,
  JSON_HEADERS,
  startIssuer,
  startProcess,
  stopProcess,
  type Target,
  writeConfig,
} from './targets.js';

type Issuer = Awaited<ReturnType<typeof startIssuer>>;

export interface GatewaySettings {
  readonly folder: string;
  readonly issuer: Issuer;
  readonly upstream: string;
}

const prepare = async ({ folder, issuer, upstream }: GatewaySettings, name: string) => {
  const data = join(folder, name);
  mkdirSync(data);
  const port = await freePort();
  const file = writeConfig(data, { issuer: issuer.issuer, upstream, port });
  const url = `http://127.0.0.1:${port}/mcp/core-banking`;
  const headers = { ...JSON_HEADERS, authorization: `Bearer ${await issuer.token(url)}` };
  return { data, file, url, headers, port };
};

/** The gateway as `npm start` runs it, with the embedded store: token, policy, masking and both durable records on. */
export const startStandaloneTarget = async (settings: GatewaySettings): Promise<Target> => {
  const { data, file, url, headers } = await prepare(settings, 'standalone');
  const program = fileURLToPath(new URL('standalone.process.js', import.meta.url));
  const { child } = await startProcess([program, file, data], /^ready/);
  return {
    name: 'countersign standalone',
    url,
    headers,
    pids: () => [child.pid ?? 0],
    stop: () => stopProcess(child),
  };
};

/** Five processes over a real nats-server, the embedded store owned by the ledger. */
export const startDistributedTarget = async (settings: GatewaySettings): Promise<Target> => {
  const { data, file, url, headers, port } = await prepare(settings, 'distributed');
  const system = await startDistributed({ config: file, data, port });
  return {
    name: 'countersign distributed',
    url,
    headers,
    pids: () => Object.values(system.pids()),
    stop: () => system.stop(),
  };
};
