import type { ServerResponse } from 'node:http';

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

export const writeJson = (response: ServerResponse, status: number, body?: unknown): void => {
  if (body === undefined) response.writeHead(status).end();
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** A stream of messages that opens with the first of them and cannot be resumed. */
export const plainStream = (response: ServerResponse) => {
  const send = (message: unknown): void => {
    if (!response.headersSent) response.writeHead(200, HEADERS);
    response.write(`data: ${JSON.stringify(message)}\n\n`);
  };
  return {
    send,
    isOpen: () => response.headersSent,
    end: (message: unknown) => {
      send(message);
      response.end();
    },
  };
};

/** A stream that keeps its events, so that a client can take it up again with Last-Event-ID. */
export class ResumableStream {
  readonly #events: string[] = [];
  #response: ServerResponse | undefined;
  #ended = false;

  constructor(readonly id: string) {}

  /** Sends everything after the event `after` to this response, and what is still to come. */
  attach(response: ServerResponse, after = -1): void {
    this.#response?.end();
    this.#response = response;
    response.writeHead(200, HEADERS);
    // Without data: the client learns the id that it can resume from, and how soon.
    if (after < 0) response.write(`id: ${this.id}_0\nretry: 500\ndata: \n\n`);
    else response.flushHeaders();
    for (const event of this.#events.slice(Math.max(after, 0))) response.write(event);
    if (this.#ended) response.end();
  }

  send(message: unknown): void {
    const event = `id: ${this.id}_${this.#events.length + 1}\nevent: message\ndata: ${JSON.stringify(message)}\n\n`;
    this.#events.push(event);
    this.#response?.write(event);
  }

  end(message: unknown): void {
    this.send(message);
    this.#ended = true;
    this.#response?.end();
  }

  /** Closes the connection; the stream goes on. */
  drop(): void {
    this.#response?.end();
    this.#response = undefined;
  }
}
