import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { LaunchError } from './programs.js';

const listen = async (host: string, port: number): Promise<Server> => {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  return server;
};

const close = async (server: Server): Promise<void> => {
  server.close();
  await once(server, 'close');
};

/** `count` different ports that are free now. They are handed to programs that cannot choose one themselves and keep it. */
export const freePorts = async (host: string, count: number): Promise<readonly number[]> => {
  // All are held until all are found: a port given back could be found a second time.
  const servers = await Promise.all(Array.from({ length: count }, () => listen(host, 0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(close));
  return ports;
};

/** @throws LaunchError naming the port that is taken */
export const checkFree = async (host: string, port: number, user: string): Promise<void> => {
  try {
    await close(await listen(host, port));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${code})`;
    throw new LaunchError(`port ${port}, for ${user}, ${reason}. Stop what uses it, or give another --port.`);
  }
};
