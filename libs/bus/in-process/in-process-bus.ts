import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import type { Contract } from '#contracts/contract.js';
import { CountersignError } from '#core/errors.js';
import { answer } from '../answer.js';
import type { Bus, ReplyEnvelope } from '../bus.js';
import { readReply } from '../read-reply.js';

/** The standalone shape's transport: Nest's message handlers called in this process, with the same deadlines as over NATS. */
export class InProcessTransport extends Server implements CustomTransportStrategy {
  constructor(private readonly onBug: (subject: string, error: unknown) => void) {
    super();
  }

  listen(callback: () => void): void {
    callback();
  }

  close(): void {
    this.messageHandlers.clear();
  }

  on(): never {
    throw new Error('the in-process transport has no events');
  }

  unwrap<T>(): T {
    return this as unknown as T;
  }

  async ask(subject: string, request: unknown): Promise<ReplyEnvelope> {
    return answer(
      subject,
      this.getHandlers().get(subject) as MessageHandler | undefined,
      request,
      this.onBug,
    );
  }
}

export const inProcessBus = (transport: InProcessTransport): Bus => ({
  request: async <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new CountersignError(contract.unavailable, 'no answer in time')),
        contract.deadline_ms,
      );
    });
    try {
      return readReply(contract, await Promise.race([transport.ask(contract.subject, request), late]));
    } finally {
      clearTimeout(timer);
    }
  },
  close: async () => undefined,
});
