import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { answer } from '../answer.js';
import { decodeMessage, encodeMessage } from './codec.js';

/** Nest transport for the distributed shape: one queue group a service, so that each request is answered by one replica. */
export class NatsTransport extends Server implements CustomTransportStrategy {
  private subscriptions: readonly Subscription[] = [];

  constructor(
    private readonly connection: NatsConnection,
    private readonly queue: string,
    private readonly onBug: (subject: string, error: unknown) => void,
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.subscriptions = [...this.getHandlers()].map(([subject, handler]) =>
      this.connection.subscribe(subject, {
        queue: this.queue,
        callback: (error, message) => {
          if (error === null) void this.reply(subject, handler, message);
        },
      }),
    );
    this.connection.flush().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.drain()));
  }

  on(): never {
    throw new Error('the NATS transport has no events');
  }

  unwrap<T>(): T {
    return this.connection as unknown as T;
  }

  private async reply(subject: string, handler: MessageHandler, message: Msg): Promise<void> {
    let request: unknown;
    try {
      request = decodeMessage(message.data);
    } catch {
      message.respond(encodeMessage({ ok: false, code: 'internal', detail: 'undecodable request' }));
      return;
    }
    message.respond(encodeMessage(await answer(subject, handler, request, this.onBug)));
  }
}
