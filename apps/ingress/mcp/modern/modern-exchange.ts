import { CountersignError } from '#core/errors.js';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { RequestId } from '#mcp/frame.js';
import { notificationFrame } from '#mcp/frame-write.js';
import type { CallAnswer } from '#mcp/upstream/upstream.types.js';
import type { Exchange } from '../../call/exchange.js';
import { canBeAsked, type ModernClient } from '../client.js';
import type { HttpReply } from '../http-reply.js';
import { progressParams } from '../progress-params.js';

/** One POST of a client, and what of it is needed to answer. */
export interface Round {
  readonly http: HttpReply;
  readonly id: RequestId;
  readonly progressToken: RequestId | undefined;
}

interface Open {
  readonly method: string;
  readonly params: JsonObject;
  readonly settle: PromiseWithResolvers<CallAnswer>;
}

/** Questions that come close together go out in one answer. */
const GATHER_MS = 20;
/** A call that waits for its client keeps its upstream waiting; after that it is told that nobody answered. */
const PARKED_MS_MAX = 5 * 60_000;

/**
 * The caller's side of a request of the modern era. There are no questions on a stream: the response ends as
 * `input_required`, and the call waits here until the client comes again with the answers (MCP 2026-07-28
 * basic/patterns/mrtr). The end of a response stream before its answer is a cancellation.
 */
export class ModernExchange implements Exchange {
  private readonly controller = new AbortController();
  private readonly open = new Map<string, Open>();
  private round: Round | undefined;
  private asked = 0;
  private rounds = 0;
  private gathering: NodeJS.Timeout | undefined;
  private parkedTimer: NodeJS.Timeout | undefined;

  /** @param onQuestions ends the round with these questions; `round` counts from 1. */
  constructor(
    private readonly client: ModernClient,
    first: Round,
    private readonly onQuestions: (at: Round, questions: JsonObject, round: number) => void,
  ) {
    this.attach(first);
  }

  get cancelled(): AbortSignal {
    return this.controller.signal;
  }

  /** The round whose answer this client waits for; undefined while it thinks about a question. */
  get current(): Round | undefined {
    return this.round;
  }

  get openRound(): number {
    return this.rounds;
  }

  cancel(): void {
    this.controller.abort();
  }

  isGone(): boolean {
    return this.controller.signal.aborted;
  }

  openStream(): void {
    this.round?.http.openStream();
  }

  keepAlive(): void {
    this.round?.http.keepAlive();
  }

  progress(progress: Parameters<Exchange['progress']>[0]): void {
    if (this.round?.progressToken === undefined) return;
    const { http, progressToken } = this.round;
    http.openStream();
    http.send(notificationFrame('notifications/progress', progressParams(progressToken, progress)));
  }

  notify(method: string, params: JsonObject): void {
    this.round?.http.openStream();
    this.round?.http.send(notificationFrame(method, params));
  }

  ask({ method, paramsBytes, signal }: Parameters<Exchange['ask']>[0]): Promise<CallAnswer> {
    const params = JSON.parse(Buffer.from(paramsBytes).toString('utf8')) as JsonObject;
    if (!canBeAsked(this.client, method, params))
      return Promise.reject(new CountersignError('capability_missing', method));
    const settle = Promise.withResolvers<CallAnswer>();
    const key = `q${++this.asked}`;
    this.open.set(key, { method, params, settle });
    const aborted = () => settle.reject(new CountersignError('call_cancelled'));
    AbortSignal.any([signal, this.cancelled]).addEventListener('abort', aborted, { once: true });
    this.gathering ??= setTimeout(() => this.park(), GATHER_MS);
    return settle.promise.finally(() => this.open.delete(key));
  }

  /** The client is here again, perhaps with answers; what it left open is asked again. */
  attach(round: Round, answers: JsonObject = {}): void {
    clearTimeout(this.parkedTimer);
    this.round = round;
    round.http.onAborted(() => {
      if (this.round === round) this.controller.abort();
    });
    for (const [key, { settle }] of this.open) {
      const answer = answers[key];
      if (isJsonObject(answer))
        settle.resolve({ kind: 'result', bytes: Buffer.from(JSON.stringify(answer)) });
    }
    const unanswered = [...this.open.keys()].some((key) => !isJsonObject(answers[key]));
    if (unanswered) this.gathering ??= setTimeout(() => this.park(), GATHER_MS);
  }

  /** Ends the round with what is open; the call itself goes on waiting. */
  private park(): void {
    this.gathering = undefined;
    const { round } = this;
    if (round === undefined || this.open.size === 0) return;
    this.round = undefined;
    this.rounds += 1;
    const questions: { [key: string]: Json } = {};
    for (const [key, { method, params }] of this.open) questions[key] = { method, params };
    this.parkedTimer = setTimeout(() => {
      for (const { settle } of this.open.values()) settle.reject(new CountersignError('question_unanswered'));
    }, PARKED_MS_MAX);
    this.parkedTimer.unref();
    this.onQuestions(round, questions, this.rounds);
  }
}
