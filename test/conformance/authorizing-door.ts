import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Stage } from '../e2e/support/stage.js';

/**
 * The suite cannot send credentials: this door adds them to whatever comes without, and passes everything else on word
 * for word, Host and Origin included. The gateway behind it is told that this is its public address.
 */
export const openAuthorizingDoor = async (stage: Stage) => {
  let behind: { readonly port: number; readonly token: string } | undefined;
  const server = createServer((incoming, outgoing) => {
    if (behind === undefined) return void outgoing.writeHead(503).end();
    const { port, token } = behind;
    const headers = { authorization: `Bearer ${token}`, ...incoming.headers };
    const { method, url } = incoming;
    const passed = send({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.once('error', () => outgoing.destroy());
    });
    passed.once('error', () => outgoing.destroy());
    // A caller that hangs up hangs up on the gateway.
    outgoing.once('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead: (port: number, token: string) => {
      behind = { port, token };
    },
  };
};
