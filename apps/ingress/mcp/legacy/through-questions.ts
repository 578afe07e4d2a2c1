import { CountersignError } from '#core/errors.js';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import type { CallRequest } from '../../call/call.js';
import type { Exchange } from '../../call/exchange.js';
import type { Gateway } from '../../gateway.js';
import { handleCall, type Released } from '../../handle-call.js';

/** A legacy client has no answer that asks for more: its questions go out on the stream, and the call goes on. */
export const throughQuestions = async (
  gateway: Gateway,
  first: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  let released = await handleCall(gateway, first, exchange);
  for (let round = 1; released.input?.kind === 'input_required'; round++) {
    if (round > ROUNDS_MAX) throw new CountersignError('question_unanswered', 'too many rounds of questions');
    const { callId, approvalId, input } = released;
    const inputResponses = await answersOf(released, exchange, round);
    const { requestState } = input;
    const params = {
      ...first.params,
      ...(Object.keys(inputResponses).length === 0 ? {} : { inputResponses }),
      ...(requestState === null ? {} : { requestState }),
    };
    released = await handleCall(gateway, { ...first, params, continues: { callId, approvalId } }, exchange);
  }
  return released;
};

const ROUNDS_MAX = 16;
const STATE_ONLY_MS = 250;
const STATE_ONLY_MS_MAX = 5_000;

const answersOf = async (
  { bytes, input }: Released,
  exchange: Exchange,
  round: number,
): Promise<JsonObject> => {
  const keys = (input?.questions ?? []).map(({ key }) => key);
  if (keys.length === 0)
    await new Promise((resolve) =>
      setTimeout(resolve, Math.min(STATE_ONLY_MS * 2 ** (round - 1), STATE_ONLY_MS_MAX)),
    );
  // As masked: what the client is asked is what was released.
  const { inputRequests } = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject;
  const answers: { [key: string]: Json } = {};
  for (const key of keys) {
    const { method, params } = (inputRequests as { [key: string]: { method: string; params?: JsonObject } })[
      key
    ] ?? { method: '' };
    const answer = await exchange.ask({
      method,
      paramsBytes: Buffer.from(JSON.stringify(params ?? {})),
      signal: exchange.cancelled,
    });
    if (answer.kind === 'error') throw new CountersignError('question_unanswered', 'the client declined');
    answers[key] = JSON.parse(Buffer.from(answer.bytes).toString('utf8')) as Json;
  }
  return answers;
};
