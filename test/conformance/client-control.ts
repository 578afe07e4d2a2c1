import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Stage } from '../e2e/support/stage.js';
import { DIST } from '../e2e/support/system.js';
import type { Revision } from './suite.js';

/** What the suite tells the client it starts. */
export interface ClientTask {
  /** The suite's own server, which the client under test talks to. */
  readonly url: string;
  readonly scenario: string;
  readonly revision: Revision;
  /** Credentials and calls that only this scenario has. */
  readonly context: Readonly<Record<string, unknown>>;
}

/**
 * Waits for the suite to start "the client", which asks here what it should do. Answers the client's command and the
 * environment it needs; the client succeeds when the work does.
 */
export const openControl = async (stage: Stage, work: (task: ClientTask) => Promise<void>) => {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    await work(JSON.parse(Buffer.concat(chunks).toString()) as ClientTask).then(
      () => response.writeHead(204).end(),
      (error) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    command: `${process.execPath} ${join(DIST, 'test', 'conformance', 'client-command.process.js')}`,
    env: { COUNTERSIGN_CONFORMANCE_CONTROL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  };
};
