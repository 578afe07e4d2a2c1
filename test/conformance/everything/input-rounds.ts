import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  checkDeclared,
  type InputRequests,
  type InputResponses,
  invalidParams,
  isMembers,
  type Members,
} from './conversation.js';

const KEY = randomBytes(32);
const sign = (payload: string): string => createHmac('sha256', KEY).update(payload).digest('base64url');

/** Thrown out of a handler to end a round; the client asks again with the answers. */
export class InputRequired extends Error {
  constructor(readonly result: Members) {
    super('input required');
  }
}

/** @throws RpcError -32602 for a state that was not made here for the same request */
const openState = (state: unknown, about: string): InputResponses => {
  if (state === undefined) return {};
  const [payload = '', signature = ''] = String(state).split('.');
  const expected = Buffer.from(sign(payload));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw invalidParams('requestState is not intact');
  const opened = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    about: string;
    answers: InputResponses;
  };
  if (opened.about !== about) throw invalidParams('requestState belongs to another request');
  return opened.answers;
};

/**
 * The rounds of one request (SEP-2322): answers of earlier rounds come back in the sealed state, those of this round in
 * inputResponses; what is still missing is asked.
 * @throws RpcError -32602 for a broken state or answers that are not an object
 */
export const inputRounds = (method: string, params: Members, capabilities: Members) => {
  const about = `${method} ${String(params['name'] ?? params['uri'])}`;
  const { inputResponses = {}, requestState } = params;
  if (!isMembers(inputResponses)) throw invalidParams('inputResponses is not an object');
  const answers: Record<string, Members> = { ...openState(requestState, about) };
  for (const [name, answer] of Object.entries(inputResponses)) if (isMembers(answer)) answers[name] = answer;
  return {
    /** @throws InputRequired while an answer is missing, RpcError -32021 when the client cannot give it */
    ask: async (requests: InputRequests): Promise<InputResponses> => {
      checkDeclared(capabilities, requests);
      const missing = Object.entries(requests).filter(([name]) => answers[name] === undefined);
      if (missing.length === 0)
        return Object.fromEntries(Object.keys(requests).map((name) => [name, answers[name] ?? {}]));
      const payload = Buffer.from(JSON.stringify({ about, answers })).toString('base64url');
      throw new InputRequired({
        resultType: 'input_required',
        inputRequests: Object.fromEntries(missing),
        requestState: `${payload}.${sign(payload)}`,
      });
    },
  };
};
