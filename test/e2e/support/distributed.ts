import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Service as ServiceName } from '#contracts/contract.js';
import { freePort } from './free-port.js';
import { startIssuer } from './issuer.js';
import { type Service, service } from './service.js';
import type { Stage } from './stage.js';
import { type PrivateOptions, type PrivateSystem, writeConfig } from './standalone.js';
import { DIST, resourcesOf, type Urls } from './system.js';
import { waitUntil } from './wait-until.js';

/** In this order: the others ask the ledger while they start. */
const SERVICES: readonly ServiceName[] = ['ledger', 'policy', 'masking', 'approval', 'ingress'];

const startNats = async (stage: Stage): Promise<{ nats: Service; url: string }> => {
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port)];
  const nats = service({ name: 'nats-server', command: 'nats-server', args, ready: /Server is ready/ });
  stage.defer(nats.kill);
  await nats.start();
  return { nats, url: `nats://127.0.0.1:${port}` };
};

const startRedis = async (stage: Stage): Promise<{ redis: Service; url: string }> => {
  const port = await freePort();
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', stage.folder];
  const redis = service({ name: 'redis-server', command: 'redis-server', args, ready: /Ready to accept connections/ });
  stage.defer(redis.kill);
  await redis.start();
  return { redis, url: `redis://127.0.0.1:${port}` };
};

/** BullMQ loads its Redis client by this name; without it the timers stay in the approval process. */
const hasRedisClient = (): boolean => {
  try {
    createRequire(import.meta.url).resolve('ioredis');
    return true;
  } catch {
    console.warn('ioredis is not installed: the distributed shape runs without Redis');
    return false;
  }
};

/** Everything that a governed call needs answers. */
export const untilReady = (urls: Urls): Promise<true> =>
  waitUntil('all services ready', async () => (await fetch(`${urls.ingress}/readyz`)).ok || undefined, 30_000).then(() => true);

/**
 * The five services as processes of their own, each with its own data folder, over a real nats-server and a real
 * redis-server.
 */
export const startCluster = async (stage: Stage, options: PrivateOptions): Promise<PrivateSystem> => {
  const ports = new Map<string, number>();
  for (const name of SERVICES) ports.set(name, await freePort());
  const urlOf = (name: ServiceName): string => `http://127.0.0.1:${ports.get(name)}`;
  const urls: Urls = { ingress: urlOf('ingress'), approval: urlOf('approval'), ledger: urlOf('ledger'), policy: urlOf('policy') };
  const servers = options.upstreams.map((upstream) => String(upstream['name']));
  const issuer = await startIssuer(stage, resourcesOf(urls, servers));
  const { nats, url: natsUrl } = await startNats(stage);
  const { redis, url: redis_url } = await startRedis(stage);
  const folder = join(stage.folder, `distributed-${ports.get('ingress')}`);
  const settings = { ...options.settings, bus: { servers: [natsUrl] }, jobs: hasRedisClient() ? { redis_url } : {} };
  const config = await writeConfig(folder, { ...options, settings }, issuer.url);
  const data = join(folder, 'data');
  const services = new Map<string, Service>([
    ['nats-server', nats],
    ['redis-server', redis],
  ]);
  for (const name of SERVICES) {
    const own = join(data, name);
    await mkdir(own, { recursive: true });
    const args = [join(DIST, 'apps', name, 'main.js'), '--config', config, '--port', String(ports.get(name))];
    const env = { COUNTERSIGN_DATA: own };
    const started = service({ name, command: process.execPath, args, env, ready: /^Countersign \w+ is ready/m });
    services.set(name, started);
    stage.defer(started.stop);
  }
  for (const name of SERVICES) await services.get(name)?.start();
  await untilReady(urls);
  return { urls, issuer, data, services, policyFile: join(folder, 'policy.yaml') };
};
