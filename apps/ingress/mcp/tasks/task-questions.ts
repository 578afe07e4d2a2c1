import { randomUUID } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { CallAnswer } from '#mcp/upstream/upstream.types.js';
import type { Exchange } from '../../call/exchange.js';
import { canBeAsked, type ModernClient } from '../client.js';
import { silentExchange } from '../silent-exchange.js';

/** A person may think that long; afterwards the server is told that nobody answered. */
const QUESTION_MS_MAX = 5 * 60_000;

interface Open {
  readonly method: string;
  readonly params: JsonObject;
  readonly settle: PromiseWithResolvers<CallAnswer>;
}

/**
 * The caller's side of a `tasks/result` that the gateway keeps open at a legacy server for a modern client: what the
 * server asks there waits until the client looks (`tasks/get`) and answers (`tasks/update`).
 */
export class TaskQuestions {
  private readonly open = new Map<string, Open>();
  private asked = Promise.withResolvers<void>();

  constructor(private readonly client: ModernClient) {}

  exchange(cancelled: AbortSignal): Exchange {
    return { ...silentExchange(cancelled), ask: (question) => this.ask(question) };
  }

  /** The questions that nobody has answered so far (SEP-2663, `inputRequests`). */
  unanswered(): JsonObject {
    const questions: { [key: string]: Json } = {};
    for (const [key, { method, params }] of this.open) questions[key] = { method, params };
    return questions;
  }

  /** Fulfils with the next question. */
  next(): Promise<void> {
    return this.asked.promise;
  }

  /** Answers to nothing that is open are of no effect (SEP-2663, task update requests). */
  answer(responses: JsonObject): void {
    for (const [key, response] of Object.entries(responses)) {
      if (!isJsonObject(response)) continue;
      this.open.get(key)?.settle.resolve({ kind: 'result', bytes: Buffer.from(JSON.stringify(response)) });
      this.open.delete(key);
    }
  }

  withdraw(): void {
    for (const { settle } of this.open.values()) settle.reject(new CountersignError('call_cancelled'));
  }

  private async ask({ method, paramsBytes, signal }: Parameters<Exchange['ask']>[0]): Promise<CallAnswer> {
    const params = JSON.parse(Buffer.from(paramsBytes).toString('utf8')) as JsonObject;
    if (!canBeAsked(this.client, method, params)) throw new CountersignError('capability_missing', method);
    const settle = Promise.withResolvers<CallAnswer>();
    // Never used again, also when the task is waited for anew (SEP-2663: unique over the lifetime of a task).
    const key = `q-${randomUUID()}`;
    const refuse = (code: 'call_cancelled' | 'question_unanswered') =>
      settle.reject(new CountersignError(code));
    const aborted = () => refuse('call_cancelled');
    const timer = setTimeout(() => refuse('question_unanswered'), QUESTION_MS_MAX);
    timer.unref();
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    this.open.set(key, { method, params, settle });
    this.asked.resolve();
    this.asked = Promise.withResolvers();
    return settle.promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      this.open.delete(key);
    });
  }
}
