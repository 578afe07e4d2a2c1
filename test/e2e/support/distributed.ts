import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LaunchError, mainOf, type ProcessName } from '../../../apps/standalone/distributed/programs.js';
import {
  type Distributed,
  startDistributed,
} from '../../../apps/standalone/distributed/start-distributed.js';
import { freePort, freePorts } from './free-port.js';
import { type OwnIssuer, startIssuer } from './issuer.js';
import { type Service, service } from './service.js';
import type { Stage } from './stage.js';
import { type PrivateOptions, type PrivateSystem, writeConfig } from './standalone.js';
import { resourcesOf, type Urls, untilReady } from './system.js';
import { waitUntil } from './wait-until.js';

const PROCESSES: readonly ProcessName[] = [
  'nats',
  'redis',
  'ledger',
  'policy',
  'masking',
  'approval',
  'ingress',
];

/** A service answers on the bus a moment before it does over HTTP. */
const untilListening = (url: string): Promise<true> =>
  waitUntil(`an answer of ${url}`, () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok || undefined,
      () => undefined,
    ),
  );

const urlsByName = (distributed: Distributed): { readonly [name in ProcessName]?: string } => ({
  ingress: distributed.url,
  approval: distributed.approvalUrl,
  ledger: distributed.ledgerUrl,
  policy: distributed.policyUrl,
  masking: distributed.maskingUrl,
});

/** One supervised process, under the test's control: killed it stays down until it is started. */
const processOf = (
  distributed: Distributed,
  name: ProcessName,
  output: () => string,
  urls: Urls,
): Service => {
  const url = urlsByName(distributed)[name];
  const pid = (): number | undefined => distributed.pids()[name];
  const signal = (signalName: NodeJS.Signals): void => {
    const id = pid();
    if (id !== undefined) process.kill(id, signalName);
  };
  const end = async (signalName: NodeJS.Signals): Promise<void> => {
    distributed.setRestart(name, false);
    signal(signalName);
    await waitUntil(`the end of ${name}`, () => pid() === undefined);
  };
  return {
    name,
    output,
    isAlive: () => pid() !== undefined,
    pid: () => pid() ?? -1,
    start: async () => {
      distributed.setRestart(name, true);
      await waitUntil(`the start of ${name}`, () => pid() !== undefined);
      if (url !== undefined) await untilListening(url);
      await untilReady(urls);
    },
    signal,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
};

const PORT_ATTEMPTS = 3;

/** Ports are found free and bound a little later; whoever came in between is met by other ports. */
const launch = async (
  stage: Stage,
  options: PrivateOptions,
  log: (line: string) => void,
  attempt = 1,
): Promise<{ distributed: Distributed; issuer: OwnIssuer; folder: string }> => {
  const [port = 0] = await freePorts(5);
  const ingress = `http://127.0.0.1:${port}`;
  const servers = options.upstreams.map((upstream) => String(upstream['name']));
  // All services go by the public address; tokens are for that one and for the MCP endpoints below it.
  const one: Urls = { ingress, approval: ingress, ledger: ingress, policy: ingress };
  // The approval service has the next port; browsers go there.
  const approvalPages = [`http://127.0.0.1:${port + 1}`];
  const issuer = await startIssuer(stage, resourcesOf(one, servers), { approvalPages });
  const folder = join(stage.folder, `distributed-${port}`);
  const config = await writeConfig(folder, options, issuer.url);
  try {
    const distributed = await startDistributed({
      config,
      port,
      data: join(folder, 'data'),
      log,
      report: log,
    });
    return { distributed, issuer, folder };
  } catch (error) {
    const isTaken = error instanceof LaunchError && error.message.includes('is in use');
    if (!isTaken || attempt === PORT_ATTEMPTS) throw error;
    return launch(stage, options, log, attempt + 1);
  }
};

/** The five services as processes of their own over a real nats-server and a real redis-server. */
export const startCluster = async (stage: Stage, options: PrivateOptions): Promise<PrivateSystem> => {
  let output = '';
  const log = (line: string): void => {
    output += `${line}\n`;
  };
  const { distributed, issuer, folder } = await launch(stage, options, log);
  stage.defer(() => distributed.stop());
  const { url: ingress, approvalUrl: approval, ledgerUrl: ledger, policyUrl: policy } = distributed;
  const urls: Urls = { ingress, approval, ledger, policy };
  const services = new Map(
    PROCESSES.map((name) => [name as string, processOf(distributed, name, () => output, urls)]),
  );
  return { urls, issuer, data: join(folder, 'data'), services, policyFile: join(folder, 'policy.yaml') };
};

/** A second ingress for a cluster, behind the same public address. Answers the system as its clients see it. */
export const startOtherIngress = async (stage: Stage, system: PrivateSystem): Promise<PrivateSystem> => {
  const run = (await readdir(system.data)).find((name) => name.startsWith('run-'));
  if (run === undefined) throw new Error('the cluster has not started');
  const folder = join(system.data, run);
  const port = await freePort();
  const other = service({
    name: 'other ingress',
    command: process.execPath,
    args: [mainOf('ingress'), '--config', join(folder, 'countersign.yaml'), '--port', String(port)],
    env: { NATS_USER: 'ingress', NATS_PASSWORD_FILE: join(folder, 'nats-ingress.password') },
    ready: /^Countersign ingress is ready/m,
  });
  stage.defer(other.stop);
  await other.start();
  const urls: Urls = { ...system.urls, ingress: `http://127.0.0.1:${port}` };
  await untilReady(urls);
  return { ...system, urls, services: new Map([...system.services, [other.name, other]]) };
};
