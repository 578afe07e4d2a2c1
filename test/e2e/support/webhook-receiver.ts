import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Stage } from './stage.js';

export interface Received {
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly approval: Record<string, unknown> & { readonly id: string; readonly status: string };
    readonly roles: readonly string[];
    readonly url: string;
  };
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface WebhookReceiver {
  readonly url: string;
  /** What came with a good signature, in order, attempts that were answered badly included. */
  readonly received: readonly Received[];
  /** What came with a bad one, or with none. */
  readonly forged: () => number;
  /** The answer from now on; 0: none at all. */
  answer(status: number, headers?: Record<string, string>): void;
}

/** An endpoint that believes nothing but the verifier of the Standard Webhooks package. */
export const startWebhookReceiver = async (stage: Stage, secret: string): Promise<WebhookReceiver> => {
  const received: Received[] = [];
  let forged = 0;
  let status = 204;
  let further: Record<string, string> = {};
  const verifier = new Webhook(secret);
  const server = createServer({ keepAliveTimeout: 72_000 }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const headers = request.headers as Record<string, string>;
    try {
      const message = verifier.verify(body, headers) as Pick<Received, 'type' | 'data'>;
      received.push({ ...message, id: headers['webhook-id'] ?? '', body, headers });
    } catch {
      forged++;
    }
    if (status !== 0) response.writeHead(status, further).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    forged: () => forged,
    answer: (next, headers = {}) => {
      status = next;
      further = headers;
    },
  };
};
