import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP door in front of a server: it can be shut, opened again at the same port, and slammed on who is inside. */
export interface Door {
  readonly port: () => number;
  open(inner_port: number): Promise<void>;
  close(): Promise<void>;
  dropConnections(): void;
  /** From now on nothing passes through the open connections; they stay open. */
  stall(): void;
}

export const createDoor = (): Door => {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  const dropConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: () => port,
    open: async (inner_port) => {
      server = createServer((outer) => {
        const inner = connect(inner_port, '127.0.0.1');
        for (const [socket, other] of [
          [outer, inner],
          [inner, outer],
        ] as const) {
          sockets.add(socket);
          socket.setNoDelay(true);
          socket.pipe(other);
          socket.on('error', () => other.destroy());
          socket.on('close', () => {
            sockets.delete(socket);
            other.destroy();
          });
        }
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    },
    close: async () => {
      if (!server?.listening) return;
      const closed = once(server, 'close');
      server.close();
      dropConnections();
      await closed;
    },
    dropConnections,
    stall: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
};
