import { maskingMask } from '#contracts/masking.js';
import type { InputAnswered, InputRequested } from '#core/call/call.events.js';
import { recordedDecision } from '#core/call/call.events.js';
import { type GovernedMethod, targetOf } from '#core/call/target.js';
import { CountersignError, ERRORS } from '#core/errors.js';
import { canonicalJson, type JsonObject } from '#core/evidence/canonical-json.js';
import type { CallAnswer, ServerRequest } from '#mcp/upstream/upstream.types.js';
import type { Gateway } from '../gateway.js';
import { canBeAsked, capabilityFor } from '../mcp/client.js';
import type { Call } from './call.js';
import { type Decided, decideTarget } from './decide.js';
import type { Exchange } from './exchange.js';
import type { ForwardedCall } from './forwarded-call.js';
import type { InputQuestion } from './input-required.js';
import { toRecord } from './record.js';

/** A question that policy has let through, masked and on record. */
export interface AllowedQuestion {
  readonly number: number;
  readonly method: GovernedMethod;
  readonly paramsBytes: Uint8Array;
}

/**
 * What an upstream asks of the person or model behind a call (elicitation, sampling, roots): denied unless policy allows,
 * masked, and on record before the client sees it; the answer is on record before the upstream sees it. A question is
 * never held for an approval: an approval demanded by policy is a denial here.
 */
export class ClientQuestions {
  private asked = 0;

  constructor(
    private readonly gateway: Gateway,
    private readonly call: Call,
    private readonly decided: Decided,
    private readonly forwarded: ForwardedCall,
  ) {}

  /** For upstreams that wait for the answer while they hold the request (legacy era). Never rejects. */
  async answer(request: ServerRequest, exchange: Exchange): Promise<CallAnswer> {
    try {
      const question = await this.admit(request);
      const answer = await exchange
        .ask({ ...question, signal: request.signal })
        .catch(async (error: unknown) => {
          await this.close(question, outcomeOf(error), null);
          throw error;
        });
      await this.close(question, answer.kind === 'result' ? 'answered' : 'refused', answer.bytes);
      return answer;
    } catch (error) {
      const code = error instanceof CountersignError ? error.code : 'internal';
      const { rpc, says } = ERRORS[code];
      const data =
        code === 'capability_missing'
          ? { data: { requiredCapabilities: capabilityFor(request.method, request.params) } }
          : {};
      return { kind: 'error', bytes: Buffer.from(JSON.stringify({ code: rpc, message: says, ...data })) };
    }
  }

  /**
   * Decides, masks and records a question.
   * @throws CountersignError question_denied; policy_unavailable, masking_unavailable, ledger_*
   */
  async admit({ method, params }: Pick<ServerRequest, 'method' | 'params'>): Promise<AllowedQuestion> {
    const { masked, decided } = await this.decideOnMasked(method, params);
    const { decision } = decided;
    const because = refusalOf(decision.effect);
    const { gateway } = this;
    const number = ++this.asked;
    const { sealed, payload } = gateway.sealer().seal(masked);
    const event: InputRequested = {
      type: 'InputRequested',
      v: 1,
      data: {
        because,
        decision: recordedDecision(decision),
        groups: decided.groups,
        method: method as GovernedMethod,
        now: decided.now,
        policyDigest: decided.policyDigest,
        profileDigest: decided.profileDigest,
        question: number,
        token: decided.token,
      },
      payload,
    };
    await this.forwarded.record([toRecord(event, sealed)]);
    const question = { number, method: method as GovernedMethod, paramsBytes: masked };
    if (because === null) return question;
    await this.close(question, 'refused', null);
    throw new CountersignError('question_denied', because);
  }

  /**
   * Policy decides on what is shown, which is also what is recorded, so that the decision can be made again from the
   * record. What the decision itself wants masked is masked too, and decided on again.
   */
  private async decideOnMasked(
    method: string,
    params: JsonObject,
  ): Promise<{ readonly masked: Uint8Array; readonly decided: Decided }> {
    const first = await this.maskAndDecide(method, Buffer.from(canonicalJson(params)), this.decided);
    if (first.decided.decision.profile === null) return first;
    return this.maskAndDecide(method, first.masked, first.decided);
  }

  private async maskAndDecide(
    method: string,
    body: Uint8Array,
    { decision: { profile } }: Decided,
  ): Promise<{ readonly masked: Uint8Array; readonly decided: Decided }> {
    const { gateway, call } = this;
    const { masked } = await gateway.bus.request(maskingMask, { body, surface: 'arguments', profile });
    const target = targetOf(method, JSON.parse(Buffer.from(masked).toString('utf8')) as JsonObject);
    if (target?.kind !== 'method') throw new CountersignError('question_denied', 'unknown method');
    return { masked, decided: await decideTarget(gateway, call, target) };
  }

  /** Records how a question ended. */
  async close(
    { number, method }: AllowedQuestion,
    outcome: InputAnswered['data']['outcome'],
    answer: Uint8Array | null,
  ): Promise<void> {
    const data = { method, outcome, question: number };
    if (answer === null) {
      await this.forwarded.record([toRecord({ type: 'InputAnswered', v: 1, data })]);
      return;
    }
    const { sealed, payload } = this.gateway.sealer().seal(answer);
    await this.forwarded.record([toRecord({ type: 'InputAnswered', v: 1, data, payload }, sealed)]);
  }
}

/**
 * The questions of an answer that asks for more input (modern era): all of them, or none is shown.
 * @throws CountersignError question_denied, capability_missing, *_unavailable
 */
export const admitQuestions = async (
  gateway: Gateway,
  call: Call,
  decided: Decided,
  forwarded: ForwardedCall,
  questions: readonly InputQuestion[],
): Promise<void> => {
  const asking = new ClientQuestions(gateway, call, decided, forwarded);
  for (const question of questions) {
    if (!canBeAsked(call.client, question.method, question.params))
      throw new CountersignError('upstream_invalid', 'it asks for what the client cannot do');
    await asking.admit(question);
  }
};

const refusalOf = (effect: 'allow' | 'deny' | 'approval'): string | null => {
  if (effect === 'allow') return null;
  return effect === 'deny' ? 'no rule allows it' : 'questions cannot wait for an approval';
};

const outcomeOf = (error: unknown): InputAnswered['data']['outcome'] => {
  if (!(error instanceof CountersignError)) return 'refused';
  if (error.code === 'call_cancelled') return 'cancelled';
  return error.code === 'question_unanswered' ? 'timeout' : 'refused';
};
