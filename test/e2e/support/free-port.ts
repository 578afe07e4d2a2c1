import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the range of outgoing connections, so that nobody's connection takes the port while a killed server is down. */
const FIRST = 20_000;
const PORTS_EACH = 1_500;
const WORKERS_MAX = 8;
/** Each worker of vitest has ports of its own: none takes what another has found free, or has a killed server at. */
const ownFirst = FIRST + PORTS_EACH * (Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS_MAX);
const given = new Set<number>();

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** Ports next to each other, for servers that are started, killed and started again at the same addresses. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  for (;;) {
    const first = randomInt(ownFirst, ownFirst + PORTS_EACH - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.some((port) => given.has(port))) continue;
    const free = await Promise.all(ports.map(isFree));
    if (free.some((is) => !is)) continue;
    for (const port of ports) given.add(port);
    return ports;
  }
};

export const freePort = async (): Promise<number> => {
  const [port = 0] = await freePorts(1);
  return port;
};
