import { type NatsConnection, NoRespondersError, RequestError } from '@nats-io/transport-node';
import type { Contract } from '#contracts/contract.js';
import { CountersignError } from '#core/errors.js';
import { type Bus, NobodyAnswers, type ReplyEnvelope } from '../bus.js';
import { readReply } from '../read-reply.js';
import { decodeMessage, encodeMessage } from './codec.js';

/** Core NATS request/reply with one shared inbox subscription (Nest's own client makes one a request, and has no deadline). */
export const natsBus = (connection: NatsConnection): Bus => ({
  request: async <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> => {
    let envelope: ReplyEnvelope;
    try {
      const reply = await connection.request(contract.subject, encodeMessage(request), {
        timeout: contract.deadline_ms,
      });
      envelope = decodeMessage(reply.data) as ReplyEnvelope;
    } catch (error) {
      if (isUndelivered(error)) throw new NobodyAnswers(contract.unavailable, 'nobody is there');
      // Time-out, connection closed, undecodable: nobody usable answered.
      throw new CountersignError(contract.unavailable, 'no answer in time');
    }
    return readReply(contract, envelope);
  },
  close: async () => {
    await connection.drain();
  },
});

const isUndelivered = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
