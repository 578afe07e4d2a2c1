import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { CallAnswer, Progress } from '#mcp/upstream/upstream.types.js';

/** A question of the upstream as the client gets to see it. */
export interface Question {
  readonly method: string;
  /** Masked; RFC 8785 or as the upstream wrote it. */
  readonly paramsBytes: Uint8Array;
  readonly signal: AbortSignal;
}

/** The caller's side of one request: where progress goes while it waits. Gates know no HTTP and no era. */
export interface Exchange {
  /** Aborts when the caller cancels: notifications/cancelled, or in the modern era the end of the response stream. */
  readonly cancelled: AbortSignal;
  /** True once the caller's connection is gone and nobody can take it up again. */
  isGone(): boolean;
  /** Opens the SSE stream at once, so that no client waits for headers while a human decides. */
  openStream(): void;
  progress(progress: Progress): void;
  /** A notification that belongs to the request, for example notifications/message. */
  notify(method: string, params: JsonObject): void;
  /** An SSE comment; keeps proxies from closing an idle stream. */
  keepAlive(): void;
  /**
   * Puts a question to the caller's client and waits for its answer.
   * @throws CountersignError capability_missing: it cannot be asked that; call_cancelled; question_unanswered in time.
   */
  ask(question: Question): Promise<CallAnswer>;
}
