import { join } from 'node:path';
import { childEnvironment } from '#config/cli-environment.js';
import { type Config, configSchema } from '#config/config.schema.js';
import { DEMO_SEED } from '../../demo-bank/bank.js';
import { createDemoBank, demoResources, withSignIn } from '../demo.js';
import { freePorts } from './free-ports.js';
import { mainOf, type ProcessName, type Program } from './programs.js';

export interface DemoPrograms {
  readonly programs: readonly Program[];
  /** With the development issuer and the servers of the synthetic bank. */
  readonly config: Config;
  readonly issuerUrl: string;
}

const HOST = '127.0.0.1';

/**
 * The development issuer and core banking as processes of their own; warehouse and documents are children of the
 * ingress. One token of this issuer is good for the MCP endpoints and for every REST edge: all services verify for the
 * same public address, whichever port they listen on.
 */
export const demoPrograms = async (
  config: Config,
  publicUrl: string,
  approvalPage: string,
): Promise<DemoPrograms> => {
  const [port = 0] = await freePorts(HOST, 1);
  const issuerUrl = `http://${HOST}:${port}`;
  // Makes the data, and shows which port is free; the bank's own server then runs as a process, so that it can be killed.
  const bank = await createDemoBank(join(config.data_dir, 'demo'));
  await bank.coreBanking.close();
  const bankPort = new URL(bank.coreBanking.url).port;
  const resources = demoResources(publicUrl).flatMap((resource) => ['--resource', resource]);
  return {
    issuerUrl,
    programs: [
      node(
        'issuer',
        'dev-issuer',
        ['--port', String(port), '--issuer', issuerUrl, '--approvals', approvalPage, ...resources],
        /is ready/,
      ),
      node('core-banking', 'demo-bank', ['--port', bankPort, '--seed', String(DEMO_SEED)], /is ready/),
    ],
    config: configSchema.parse({
      ...config,
      demo: false,
      identity: { ...config.identity, issuers: [...config.identity.issuers, { issuer: issuerUrl }] },
      approvals: withSignIn(config.approvals, issuerUrl),
      upstreams: [...config.upstreams, ...bank.upstreams],
    }),
  };
};

const node = (name: ProcessName, app: string, args: readonly string[], ready: RegExp): Program => ({
  name,
  command: process.execPath,
  args: [mainOf(app), ...args],
  env: childEnvironment({ set: {}, secrets: [], everybodysSecrets: [] }),
  ready,
  logs: true,
});
