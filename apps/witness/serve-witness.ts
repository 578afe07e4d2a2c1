import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { ADD_CHECKPOINT_BYTES_MAX } from '#tlog/add-checkpoint.js';
import { addCheckpoint, type HttpAnswer, plain, type WitnessOptions } from './witness.js';

const REQUEST_MS_MAX = 5_000;

export interface ServeOptions extends WitnessOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly logger: Logger;
}

export interface RunningWitness {
  readonly url: string;
  stop(): Promise<void>;
}

/** C2SP tlog-witness over HTTP: `POST /add-checkpoint`, `GET /<origin hash>/checkpoint`, `GET /healthz`. */
export const serveWitness = async (options: ServeOptions): Promise<RunningWitness> => {
  const { host, port, logger, heads } = options;
  const server = createServer(
    { requestTimeout: REQUEST_MS_MAX, maxHeaderSize: 8 * 1024 },
    (request, response) => {
      void answer(request, options)
        .catch((error: unknown): HttpAnswer => {
          logger.error({ err: error }, 'a submission was not answered');
          return plain(500, 'the witness could not keep this; try again\n');
        })
        .then(({ status, type, body }) => {
          response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
        });
    },
  );
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      heads.close();
    },
  };
};

const answer = async (request: IncomingMessage, options: ServeOptions): Promise<HttpAnswer> => {
  const { method, url = '' } = request;
  if (url === '/add-checkpoint') {
    if (method !== 'POST') return plain(405, 'POST a checkpoint\n');
    const body = await readBody(request);
    if (body === undefined) return plain(413, `at most ${ADD_CHECKPOINT_BYTES_MAX} bytes\n`);
    const answered = addCheckpoint(body, options);
    if (answered.isConflict === true)
      options.logger.error(
        { why: answered.body.trim() },
        'a signed checkpoint does not extend what was cosigned before; the submission is kept',
      );
    return answered;
  }
  if (method !== 'GET') return plain(405, 'GET\n');
  if (url === '/healthz')
    return { status: 200, type: 'application/json', body: `{"conflicts":${options.heads.conflicts()}}\n` };
  const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url) ?? [];
  const note = hash === undefined ? undefined : options.heads.noteOf(hash);
  return note === undefined ? plain(404, 'nothing is known here under this address\n') : plain(200, note);
};

const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ADD_CHECKPOINT_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
