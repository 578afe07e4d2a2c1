import type { Contract } from '#contracts/contract.js';
import { CountersignError, isErrorCode } from '#core/errors.js';
import type { ReplyEnvelope } from './bus.js';

/** @throws CountersignError as `Bus.request` promises; an answer that does not fit the contract counts as no answer. */
export const readReply = <Request, Reply>(
  contract: Contract<Request, Reply>,
  envelope: ReplyEnvelope,
): Reply => {
  if (!envelope.ok) {
    // An answerer's bug must look like an absent service to the asker: fail closed with the code that names the service.
    if (!isErrorCode(envelope.code) || envelope.code === 'internal')
      throw new CountersignError(contract.unavailable, envelope.detail);
    throw new CountersignError(envelope.code, envelope.detail);
  }
  const reply = contract.reply.safeParse(envelope.value);
  if (!reply.success) throw new CountersignError(contract.unavailable, 'the reply does not fit the contract');
  return reply.data;
};
