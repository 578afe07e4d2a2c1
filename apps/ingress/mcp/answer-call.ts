import type { GovernedMethod } from '#core/call/target.js';
import { CountersignError, ERRORS } from '#core/errors.js';
import { canonicalJson, type Json, type JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { RequestId } from '#mcp/frame.js';
import { errorFrame, rawErrorFrame, resultFrame } from '#mcp/frame-write.js';
import { callSeconds, callsTotal } from '#telemetry/metrics.js';
import { BudgetExceeded } from '../budgets.js';
import type { CallRequest } from '../call/call.js';
import { decideTarget } from '../call/decide.js';
import type { Exchange } from '../call/exchange.js';
import type { Gateway } from '../gateway.js';
import { handleCall, type Released } from '../handle-call.js';
import type { ModernClient } from './client.js';
import { sealInput } from './handles.js';
import { type HttpReply, httpReply } from './http-reply.js';
import { legacyExchange } from './legacy/legacy-exchange.js';
import type { McpRequest } from './mcp-request.js';
import { checkParamHeaders } from './modern/check-mirror.js';
import { ModernExchange, type Round } from './modern/modern-exchange.js';
import { recorded } from './recorded.js';
import { refusedCallFrame } from './refusal-result.js';
import { shownError } from './shown-error.js';
import { shownResult } from './shown-result.js';
import { toCallRequest } from './to-call-request.js';

/** An answer that waits for the id of the request that gets it. */
type Answer = (id: RequestId) => { readonly frame: Uint8Array; readonly status: number };

/** Answers one governed request, in the way of its client's era. Returns when the answer is on its way. */
export const answerCall = async (
  gateway: Gateway,
  mcp: McpRequest,
  method: GovernedMethod,
): Promise<void> => {
  const { call, input } = await toCallRequest(gateway, mcp, method);
  if (mcp.client.era === 'legacy') return answerLegacy(gateway, mcp, call);
  await checkParamHeaders(gateway, mcp, call);
  if (input?.parked != null) return takeUp(gateway, mcp, call, input.parked, input.callId);
  return answerModern(gateway, mcp, mcp.client, call);
};

const answerLegacy = async (gateway: Gateway, mcp: McpRequest, call: CallRequest): Promise<void> => {
  const { client, frame, post, owner } = mcp;
  if (client.era !== 'legacy') return;
  const { session } = client;
  const { signal, end } = gateway.inFlight.begin(ownerKey(mcp), frame.id);
  const resumable = session !== undefined && client.revision === '2025-11-25';
  const http = httpReply(post.request, post.reply, resumable ? gateway.streams.create(owner) : undefined);
  const exchange = legacyExchange(http, client, gateway.questions, {
    cancelled: signal,
    progressToken: progressTokenOf(frame.params),
  });
  try {
    const answer = await run(gateway, mcp, call, exchange);
    // MCP basic/utilities/cancellation: a cancelled request gets no response.
    if (signal.aborted) http.end();
    else finish(http, frame.id, answer);
  } finally {
    end();
  }
};

const answerModern = async (
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
    const answer = await run(gateway, mcp, call, exchange);
    const { current } = exchange;
    if (exchange.cancelled.aborted) current?.http.end();
    else if (current !== undefined) finish(current.http, current.id, answer);
  } finally {
    end();
    parked.done();
  }
};

/** The client comes back with answers to a call that waits here. What it may no longer do ends it. */
const takeUp = async (
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

/** Runs the call to its end. Whatever goes wrong is an answer too, and on record. */
const run = async (
  gateway: Gateway,
  mcp: McpRequest,
  call: CallRequest,
  exchange: Exchange,
): Promise<Answer> => {
  const stop = callSeconds.startTimer();
  let outcome = 'released';
  try {
    const released = await throughQuestions(gateway, mcp, call, exchange);
    const { bytes, kind } = released;
    if (kind === 'error') {
      const { bytes: error, status } = shownError(mcp.client, bytes);
      return (id) => ({ frame: rawErrorFrame(id, error), status });
    }
    const shown = shownResult(gateway, mcp.owner, mcp.client, released);
    return (id) => ({ frame: resultFrame(id, shown), status: 200 });
  } catch (error) {
    const { caller, client, endpoint } = mcp;
    const refusal = await recorded(gateway, { where: endpoint, caller, method: call.method }, error);
    outcome = refusal.code;
    // Of no effect on a stream that is open already; its final message says the same.
    const { resourceServer } = gateway;
    void mcp.post.reply.headers(resourceServer.challenge(refusal, resourceServer.mcp(mcp.post.server)));
    if (refusal instanceof BudgetExceeded && refusal.retryAfter_ms !== null)
      void mcp.post.reply.header('retry-after', Math.ceil(refusal.retryAfter_ms / 1_000));
    return (id) => ({
      frame: refusedCallFrame(id, call.method, client.era, refusal),
      status: statusOfCall(refusal),
    });
  } finally {
    stop();
    callsTotal.inc({ server: call.server, outcome });
  }
};

/** A legacy client has no answer that asks for more: its questions go out on the stream, and the call goes on. */
const throughQuestions = async (
  gateway: Gateway,
  { client }: McpRequest,
  first: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  let released = await handleCall(gateway, first, exchange);
  for (let round = 1; client.era === 'legacy' && released.input?.kind === 'input_required'; round++) {
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

const finish = (http: HttpReply, id: RequestId, answer: Answer): void => {
  const { frame, status } = answer(id);
  http.finish(frame, status);
};

const roundOf = ({ post, frame }: McpRequest): Round => ({
  http: httpReply(post.request, post.reply),
  id: frame.id,
  progressToken: progressTokenOf(frame.params),
});

/** What a continued request must be the same in. */
const askedFor = ({ server, method, target }: CallRequest): string =>
  canonicalJson([server, method, target.name, target.args]);

const progressTokenOf = ({ _meta: meta }: JsonObject): RequestId | undefined => {
  const token = isJsonObject(meta) ? meta['progressToken'] : undefined;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
};

/** Whose request it is, for cancelling it and for counting. */
export const ownerKey = ({ owner, client }: Pick<McpRequest, 'owner' | 'client'>): string =>
  `${owner}\n${client.era === 'legacy' ? (client.session?.id ?? '') : 'modern'}`;

/**
 * 503 and 429 say to any HTTP client that trying again may help, 403 with its challenge that another token would (MCP
 * basic/authorization, step-up); refusals of the call itself are ordinary answers.
 */
const statusOfCall = ({ code }: CountersignError): number =>
  ERRORS[code].http >= 429 || code === 'params_invalid' || code === 'scope_missing' ? ERRORS[code].http : 200;
