import { CountersignError, ERRORS } from '#core/errors.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { errorFrame, resultFrame } from '#mcp/frame-write.js';
import type { CallRequest } from '../../call/call.js';
import { decideTarget } from '../../call/decide.js';
import type { Gateway } from '../../gateway.js';
import type { ModernClient } from '../client.js';
import { askedFor, sealInput } from '../handles.js';
import { httpReply } from '../http-reply.js';
import type { McpRequest } from '../mcp-request.js';
import { finish, ownerKey, progressTokenOf, runCall } from '../run-call.js';
import { carryCall } from '../tasks/carry-call.js';
import { ModernExchange, type Round } from './modern-exchange.js';

/** Answers a call of a modern client; a question of a legacy server ends the round while the call waits here. */
export const answerModern = async (
  gateway: Gateway,
  mcp: McpRequest,
  client: ModernClient,
  call: CallRequest,
): Promise<void> => {
  const { owner } = mcp;
  const { end } = gateway.inFlight.begin(ownerKey(mcp), mcp.frame.id);
  const parked = gateway.parked.reserve(owner, askedFor(call));
  const exchange: ModernExchange = new ModernExchange(client, roundOf(mcp), (round, questions, number) => {
    const state = sealInput(gateway, owner, call, {
      callId: parked.id,
      approvalId: null,
      parked: { instance: gateway.instance, round: number },
      state: null,
    });
    if (!parked.park(exchange)) {
      exchange.cancel();
      round.http.finish(errorFrame(round.id, 'busy', 'too many calls wait for answers'), ERRORS.busy.http);
      return;
    }
    const result = { resultType: 'input_required', inputRequests: questions, requestState: state };
    round.http.finish(resultFrame(round.id, Buffer.from(JSON.stringify(result))));
  });
  try {
    const answer = await runCall(gateway, mcp, call, () => carryCall(gateway, mcp, call, exchange));
    const { current } = exchange;
    if (exchange.cancelled.aborted) current?.http.end();
    else if (current !== undefined) finish(current.http, current.id, answer);
  } finally {
    end();
    parked.done();
  }
};

/** The client comes back with answers to a call that waits here. What it may no longer do ends it. */
export const takeUp = async (
  gateway: Gateway,
  mcp: McpRequest,
  call: CallRequest,
  { instance, round }: { readonly instance: string; readonly round: number },
  id: string,
): Promise<void> => {
  const { decision } = await decideTarget(gateway, call, call.target);
  const exchange =
    instance === gateway.instance ? gateway.parked.take(id, mcp.owner, askedFor(call), round) : undefined;
  if (exchange === undefined)
    throw new CountersignError('question_unanswered', 'the call no longer waits for this answer');
  if (decision.effect === 'deny') {
    exchange.cancel();
    throw new CountersignError('call_denied', 'policy no longer allows it');
  }
  const { inputResponses = {} } = mcp.frame.params;
  exchange.attach(roundOf(mcp), isJsonObject(inputResponses) ? inputResponses : {});
};

const roundOf = ({ post, frame }: McpRequest): Round => ({
  http: httpReply(post.request, post.reply),
  id: frame.id,
  progressToken: progressTokenOf(frame.params),
});
