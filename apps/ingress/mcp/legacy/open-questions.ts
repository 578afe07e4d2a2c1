import { randomUUID } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import type { ResponseFrame } from '#mcp/frame.js';
import type { Session } from '#mcp/session.js';
import type { CallAnswer } from '#mcp/upstream/upstream.types.js';

/** How long a person may take; the upstream's own deadline stands still meanwhile. */
const QUESTION_MS_MAX = 5 * 60_000;
const QUESTIONS_MAX = 10_000;

/** Questions on the response streams of legacy sessions that wait for their answer. In memory of this replica. */
export class OpenQuestions {
  private readonly waiting = new Map<string, (answer: CallAnswer) => void>();

  open(session: Session, signal: AbortSignal): { readonly id: string; readonly answer: Promise<CallAnswer> } {
    if (this.waiting.size >= QUESTIONS_MAX) throw new CountersignError('busy', 'too many open questions');
    const id = `q-${randomUUID()}`;
    const key = keyOf(session, id);
    const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>();
    const aborted = () => reject(new CountersignError('call_cancelled'));
    const timer = setTimeout(() => reject(new CountersignError('question_unanswered')), QUESTION_MS_MAX);
    timer.unref();
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    this.waiting.set(key, resolve);
    const answer = promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      this.waiting.delete(key);
    });
    return { id, answer };
  }

  /** Takes a response that a client sent. @throws CountersignError frame_invalid when nothing was asked under its id */
  take(session: Session | undefined, { id, outcome, bytes }: ResponseFrame): void {
    const key = session === undefined || typeof id !== 'string' ? undefined : keyOf(session, id);
    const resolve = key === undefined ? undefined : this.waiting.get(key);
    if (resolve === undefined)
      throw new CountersignError('frame_invalid', 'a response to nothing that was asked');
    // Copied: the bytes are a view of the request's body.
    resolve({ kind: outcome, bytes: new Uint8Array(bytes) });
  }
}

const keyOf = ({ id, principal }: Session, question: string): string => `${principal}\n${id}\n${question}`;
