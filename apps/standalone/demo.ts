import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Config, configSchema } from '#config/config.schema.js';
import { DEV_APPROVAL_CLIENT_ID } from '#identity/dev-token-request.js';
import type { Mount } from '#service/start-service.js';
import { DEMO_SEED } from '../demo-bank/bank.js';
import { type CoreBanking, startCoreBanking } from '../demo-bank/core-banking/core-banking.js';
import { createDocuments } from '../demo-bank/documents.js';
import { createWarehouse } from '../demo-bank/warehouse.js';
import { createDevIssuer } from '../dev-issuer/dev-issuer.js';

export const DEMO_SERVERS = ['core-banking', 'warehouse', 'documents'] as const;

export interface Demo {
  readonly config: Config;
  readonly mount: Mount;
  readonly coreBanking: CoreBanking;
  /** Adds the same to a changed configuration. */
  readonly extend: (config: Config) => Config;
}

/** Adds the development issuer and the synthetic bank to a configuration whose `demo` is on. */
export const startDemo = async (config: Config): Promise<Demo> => {
  const port = config.http.port === 0 ? await freePort(config.http.host) : config.http.port;
  const url = config.http.public_url ?? `http://${config.http.host}:${port}`;
  const issuer = await createDevIssuer({
    development: true,
    issuer: `${url}/issuer`,
    resources: demoResources(url),
  });
  const bank = await createDemoBank(join(config.data_dir, 'demo'));
  const extend = (base: Config): Config =>
    configSchema.parse({
      ...base,
      http: { ...base.http, port },
      identity: { ...base.identity, issuers: [...base.identity.issuers, { issuer: issuer.issuer }] },
      approvals: withSignIn(base.approvals, issuer.issuer),
      upstreams: [...base.upstreams, ...bank.upstreams],
    });
  return {
    mount: { owns: issuer.owns, handler: issuer.handler },
    coreBanking: bank.coreBanking,
    config: extend(config),
    extend,
  };
};

/** Approvers sign in at the development issuer, unless the configuration names another. */
export const withSignIn = (approvals: Config['approvals'], issuer: string): object => ({
  ...approvals,
  login: approvals.login ?? { issuer, client_id: DEV_APPROVAL_CLIENT_ID },
});

/** Every resource of the demonstration: the REST edges and each MCP endpoint (RFC 8707). */
export const demoResources = (url: string): readonly string[] => [
  `${url}/mcp`,
  url,
  ...DEMO_SERVERS.map((server) => `${url}/mcp/${server}`),
];

/** Makes the data once and starts the bank's own server; the other two servers are children of the ingress. */
export const createDemoBank = async (folder: string) => {
  const warehouse = join(folder, 'warehouse.db');
  const documents = join(folder, 'documents');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  createWarehouse(warehouse, DEMO_SEED);
  createDocuments(documents, DEMO_SEED);
  const coreBanking = await startCoreBanking({ port: 0, seed: DEMO_SEED });
  return {
    coreBanking,
    upstreams: [
      { name: 'core-banking', transport: 'http', url: coreBanking.url },
      {
        name: 'warehouse',
        transport: 'stdio',
        command: 'node',
        args: [packageFile('@bytebase/dbhub'), '--transport', 'stdio', '--dsn', `sqlite://${warehouse}`],
      },
      {
        name: 'documents',
        transport: 'stdio',
        command: 'node',
        args: [packageFile('@modelcontextprotocol/server-filesystem'), documents],
      },
    ],
  };
};

/** Entry file of an npm server that the demonstration starts as a child process. */
const packageFile = (name: string): string => {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = require(manifest) as { bin: string | { [name: string]: string } };
  const file = typeof bin === 'string' ? bin : Object.values(bin)[0];
  if (file === undefined) throw new Error(`${name} has no program`);
  return join(manifest, '..', file);
};

const freePort = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
