import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { SERVICES } from '#bus/nats/permissions.js';
import type { Config } from '#config/config.schema.js';
import type { Service } from '#contracts/contract.js';
import { type Addresses, chooseAddresses } from './addresses.js';
import { demoPrograms } from './demo-programs.js';
import { freePorts } from './free-ports.js';
import { natsProgram, writeSecret } from './nats-program.js';
import type { Program } from './programs.js';
import { redisProgram } from './redis-program.js';
import { servicePrograms } from './service-programs.js';

export interface Plan {
  readonly programs: readonly Program[];
  /** Configuration and passwords of this start, mode 0700. */
  readonly folder: string;
  readonly addresses: Addresses;
  readonly config: Config;
  readonly issuerUrl: string | undefined;
}

const HOST = '127.0.0.1';
type Own = Record<Service, { [variable: string]: string }>;

/**
 * Works out everything that will run and writes what it needs into a folder of this start, in the data folder. NATS and Redis are
 * started only when the configuration names none. @throws LaunchError when a port is taken or a program is missing
 */
export const makePlan = async (given: Config): Promise<Plan> => {
  const addresses = await chooseAddresses(given.http.host, given.http.port);
  await mkdir(given.data_dir, { recursive: true, mode: 0o700 });
  // One for each start: another instance that was started on this folder by mistake must not find its files changed.
  const folder = await mkdtemp(join(given.data_dir, 'run-'));
  const publicUrl = given.http.public_url ?? addresses.url('ingress');
  const own = Object.fromEntries(SERVICES.map((service) => [service, {}])) as Own;
  const [natsPort = 0, redisPort = 0] = await freePorts(HOST, 2);

  const infrastructure: Program[] = [];
  let { bus } = given;
  if (bus.servers.length === 0) {
    const nats = await natsProgram(folder, natsPort);
    infrastructure.push(nats.program);
    bus = { servers: [nats.url] };
    for (const service of SERVICES)
      Object.assign(own[service], { NATS_USER: service, NATS_PASSWORD_FILE: nats.passwordFiles[service] });
  }
  if (given.jobs.redis_url === undefined) {
    const redis = redisProgram(redisPort);
    infrastructure.push(redis.program);
    own.approval['REDIS_URL'] = redis.url;
  } else {
    own.approval['REDIS_URL'] = given.jobs.redis_url;
  }
  if (given.event_store.url !== undefined) own.ledger['EVENT_STORE_URL'] = given.event_store.url;

  const pageUrl = given.approvals.page_url ?? given.http.public_url ?? addresses.url('approval');
  const demo = given.demo ? await demoPrograms(given, publicUrl, pageUrl) : undefined;
  infrastructure.push(...(demo?.programs ?? []));
  // Addresses with passwords in them are for one service each and stay out of the file that all read.
  const wanted = demo?.config ?? given;
  const config: Config = {
    ...wanted,
    // Without a proxy in front of them each service is at an address of its own.
    approvals: { ...wanted.approvals, page_url: pageUrl },
    http: { ...given.http, public_url: publicUrl },
    bus,
    event_store: withoutAddress(given.event_store),
    jobs: {},
  };
  const file = join(folder, 'countersign.yaml');
  await writeSecret(file, stringify(config));
  const services = servicePrograms({ config, file, addresses, own });
  return {
    programs: [...infrastructure, ...services],
    folder,
    addresses,
    config,
    issuerUrl: demo?.issuerUrl,
  };
};

const withoutAddress = ({ url: _address, ...others }: Config['event_store']): Config['event_store'] => others;
