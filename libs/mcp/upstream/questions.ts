import { CountersignError } from '#core/errors.js';
import type { RequestFrame, RequestId } from '../frame.js';
import { errorFrame, rawErrorFrame, resultFrame } from '../frame-write.js';
import type { Deadline } from './deadline.js';
import type { RequestOptions } from './upstream.types.js';

/** Questions of one request that wait for an answer at the same time. */
export const QUESTIONS_OPEN_MAX = 4;
/** Questions of one request over its whole life. */
export const QUESTIONS_MAX = 16;

export interface Questions {
  /** @returns the frame that goes back, or undefined when none is wanted: asked before, withdrawn, the request is over. */
  ask(question: RequestFrame): Promise<Uint8Array | undefined>;
  /** The server has withdrawn a question (notifications/cancelled). */
  withdraw(id: RequestId): void;
  /** The request is over. */
  close(): void;
}

/** What a server asks while it works on one request. The request's deadline stands still while a question is open. */
export const createQuestions = (
  answer: NonNullable<RequestOptions['onServerRequest']>,
  deadline: Deadline,
): Questions => {
  const asked = new Set<RequestId>();
  const open = new Map<RequestId, AbortController>();
  let closed = false;
  return {
    async ask({ id, method, params, paramsBytes }) {
      // A resumed stream may bring a question again; it is answered once.
      if (closed || asked.has(id)) return undefined;
      if (asked.size >= QUESTIONS_MAX || open.size >= QUESTIONS_OPEN_MAX)
        return errorFrame(id, 'busy', 'too many questions for one request');
      asked.add(id);
      const withdrawn = new AbortController();
      open.set(id, withdrawn);
      deadline.hold();
      try {
        // Copied: the bytes are a view of a buffer that may be used again while people think.
        const bytes = new Uint8Array(paramsBytes);
        const { signal } = withdrawn;
        const { kind, bytes: answered } = await answer({ method, params, paramsBytes: bytes, signal });
        if (signal.aborted) return undefined;
        return kind === 'result' ? resultFrame(id, answered) : rawErrorFrame(id, answered);
      } catch (error) {
        if (withdrawn.signal.aborted) return undefined;
        return errorFrame(id, error instanceof CountersignError ? error.code : 'internal');
      } finally {
        open.delete(id);
        deadline.release();
      }
    },
    withdraw: (id) => open.get(id)?.abort(),
    close() {
      closed = true;
      for (const withdrawn of open.values()) withdrawn.abort();
    },
  };
};
