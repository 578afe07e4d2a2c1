import { join } from 'node:path';
import { loadConfig } from '#config/load-config.js';
import { createLogger } from '#telemetry/logger.js';
import { startStandalone } from '../../apps/standalone/start-standalone.js';
import { freePort } from '../e2e/support/free-port.js';
import { startIssuer } from '../e2e/support/issuer.js';
import { service } from '../e2e/support/service.js';
import type { Stage } from '../e2e/support/stage.js';
import { type Settings, writeConfig } from '../e2e/support/standalone.js';
import { DIST, resourcesOf, type System } from '../e2e/support/system.js';
import { allowAll, type Surface } from './allow-all.js';
import { openAuthorizingDoor } from './authorizing-door.js';

/** Name of the upstream in the configuration and in policies. */
export const SERVER = 'everything';
/** What the server may ask the agent: all there is. */
const QUESTIONS = ['elicitation/create', 'sampling/createMessage', 'roots/list'];
const CLI = join(DIST, 'apps', 'cli', 'main.js');

/** A gateway in front of one server, with its endpoint for that server behind a door that brings the token. */
export interface Governed extends System {
  readonly endpoint: string;
}

export interface GovernedOptions {
  /** What the policy allows. */
  readonly surface: Surface;
  /** Settings of the upstream besides its name. */
  readonly upstream: Settings;
  readonly settings?: Settings;
  /** Without a process of its own it starts in a fraction of the time: for runs that need many of them. */
  readonly inThisProcess?: boolean;
}

/** Starts the standalone shape with authentication, policy, masking and recording as they always are. */
export const startGoverned = async (stage: Stage, options: GovernedOptions): Promise<Governed> => {
  const door = await openAuthorizingDoor(stage);
  const urls = { ingress: door.url, approval: door.url, ledger: door.url, policy: door.url };
  const issuer = await startIssuer(stage, resourcesOf(urls, [SERVER]));
  const port = await freePort();
  const folder = join(stage.folder, `governed-${port}`);
  const data = join(folder, 'data');
  const config = await writeConfig(
    folder,
    {
      policy: allowAll(SERVER, options.surface),
      upstreams: [{ name: SERVER, server_requests: QUESTIONS, ...options.upstream }],
      // The suite changes lists and expects to see it at once; with pins an operator would have to look first.
      settings: { http: { public_url: door.url }, catalog: { pin: [] }, ...options.settings },
    },
    issuer.url,
  );
  await (options.inThisProcess === true ? startHere : startProcess)(stage, { config, port, data });
  door.lead(port, await issuer.token('data-engineer'));
  return { urls, issuer, data, services: new Map(), endpoint: `${door.url}/mcp/${SERVER}` };
};

interface Start {
  readonly config: string;
  readonly port: number;
  readonly data: string;
}

const startProcess = async (stage: Stage, { config, port, data }: Start): Promise<void> => {
  const countersign = service({
    name: 'countersign',
    command: process.execPath,
    args: [CLI, 'serve', '--config', config, '--port', String(port), '--data', data],
    ready: /^Countersign is ready: http/m,
  });
  stage.defer(countersign.stop);
  await countersign.start();
};

const startHere = async (stage: Stage, { config: file, port, data }: Start): Promise<void> => {
  const config = loadConfig({ file, overrides: { port, data_dir: data } });
  const { close } = await startStandalone(config, createLogger('countersign', 'fatal'));
  stage.defer(close);
};
