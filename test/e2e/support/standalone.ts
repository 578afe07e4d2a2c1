import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEMO_SERVERS } from '../../../apps/standalone/demo.js';
import { freePort } from './free-port.js';
import { type IssuerOptions, issuerAt, type OwnIssuer, startIssuer } from './issuer.js';
import { type Service, service } from './service.js';
import type { Stage } from './stage.js';
import { DIST, resourcesOf, type System, type Urls, untilReady } from './system.js';

const CLI = join(DIST, 'apps', 'cli', 'main.js');
const READY = /^Countersign is ready: http/m;

const oneUrl = (url: string): Urls => ({ ingress: url, approval: url, ledger: url, policy: url });

/** What `npm start` starts, at a port and a folder of its own. */
export const startDemo = async (stage: Stage): Promise<System> => {
  const port = await freePort();
  const data = join(stage.folder, 'data');
  const countersign = service({
    name: 'countersign',
    command: process.execPath,
    args: [CLI, 'serve', '--port', String(port), '--data', data],
    ready: READY,
  });
  stage.defer(countersign.stop);
  await countersign.start();
  const urls = oneUrl(`http://127.0.0.1:${port}`);
  const issuer = issuerAt(`${urls.ingress}/issuer`, resourcesOf(urls, DEMO_SERVERS));
  return { urls, issuer, data, services: new Map([['countersign', countersign]]) };
};

export type Settings = Readonly<Record<string, unknown>>;

export interface PrivateOptions {
  /** Text of the policy file. */
  readonly policy: string;
  /** As in the configuration file. */
  readonly upstreams: readonly Settings[];
  /** Further settings of the configuration file; a function is given the issuer of the test. */
  readonly settings?: Settings | ((issuer: string) => Settings);
  /** Default: a folder of the stage. */
  readonly data?: string;
  /** Further paths of the ingress that the issuer gives tokens for. */
  readonly otherResources?: readonly string[];
  readonly issuerHost?: IssuerOptions['host'];
}

export interface PrivateSystem extends System {
  /** Takes effect at the next start. */
  readonly policyFile: string;
  readonly issuer: OwnIssuer;
}

/** Writes the policy and a configuration without the demonstration's parts. Answers the configuration's path. */
export const writeConfig = async (
  folder: string,
  { policy, upstreams, settings = {} }: PrivateOptions,
  issuer: string,
): Promise<string> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'policy.yaml'), policy);
  const file = join(folder, 'countersign.yaml');
  const config = {
    mode: 'development',
    policy_file: 'policy.yaml',
    log_level: 'info',
    identity: { issuers: [{ issuer }] },
    upstreams,
    ...(typeof settings === 'function' ? settings(issuer) : settings),
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config, null, 2));
  return file;
};

/** The standalone shape with a policy, upstreams and settings of the test's own. */
export const startPrivate = async (stage: Stage, options: PrivateOptions): Promise<PrivateSystem> => {
  const port = await freePort();
  const urls = oneUrl(`http://127.0.0.1:${port}`);
  const servers = options.upstreams.map((upstream) => String(upstream['name']));
  const others = (options.otherResources ?? []).map((path) => `${urls.ingress}/${path}`);
  const resources = [...resourcesOf(urls, servers), ...others];
  const { issuerHost: host } = options;
  const issuer = await startIssuer(stage, resources, host === undefined ? {} : { host });
  const folder = join(stage.folder, `standalone-${port}`);
  const data = options.data ?? join(folder, 'data');
  const config = await writeConfig(folder, options, issuer.url);
  const countersign = service({
    name: 'countersign',
    command: process.execPath,
    args: [CLI, 'serve', '--config', config, '--port', String(port), '--data', data],
    ready: READY,
  });
  stage.defer(countersign.stop);
  const whole: Service = {
    ...countersign,
    // It answers as soon as it is up, and refuses what it has not yet read again from the log.
    start: async () => {
      await countersign.start();
      await untilReady(urls);
    },
  };
  await whole.start();
  return {
    urls,
    issuer,
    data,
    services: new Map([['countersign', whole]]),
    policyFile: join(folder, 'policy.yaml'),
  };
};
