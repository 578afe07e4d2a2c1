import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the range of outgoing connections, so that nobody's connection takes the port while a killed server is down. */
const FIRST = 20_000;
const LAST = 32_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** Ports next to each other, for servers that are started, killed and started again at the same addresses. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  for (;;) {
    const first = randomInt(FIRST, LAST);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isFree));
    if (free.every((is) => is)) return ports;
  }
};

export const freePort = async (): Promise<number> => {
  const [port = 0] = await freePorts(1);
  return port;
};
