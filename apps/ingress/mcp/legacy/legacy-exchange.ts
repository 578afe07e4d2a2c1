import { CountersignError } from '#core/errors.js';
import type { RequestId } from '#mcp/frame.js';
import { notificationFrame, requestFrame } from '#mcp/frame-write.js';
import type { Exchange } from '../../call/exchange.js';
import { canBeAsked, type LegacyClient } from '../client.js';
import type { HttpReply } from '../http-reply.js';
import { progressParams } from '../progress-params.js';
import type { OpenQuestions } from './open-questions.js';

/** The caller's side of a request of the legacy era: progress and questions go out on its response stream. */
export const legacyExchange = (
  http: HttpReply,
  client: LegacyClient,
  questions: OpenQuestions,
  {
    cancelled,
    progressToken,
  }: { readonly cancelled: AbortSignal; readonly progressToken: RequestId | undefined },
): Exchange => {
  const { session } = client;
  return {
    cancelled,
    // A client that comes back repeats the call or resumes the stream; nobody waits here for it.
    isGone: http.isGone,
    openStream: () => void http.openStream(),
    keepAlive: http.keepAlive,
    progress(progress) {
      if (progressToken === undefined) return;
      http.openStream();
      http.send(notificationFrame('notifications/progress', progressParams(progressToken, progress)));
    },
    notify(method, params) {
      http.openStream();
      http.send(notificationFrame(method, params));
    },
    async ask({ method, paramsBytes, signal }) {
      // Its answer comes in a request of its own, which only a session can connect with this one.
      if (
        session === undefined ||
        !canBeAsked(client, method, JSON.parse(Buffer.from(paramsBytes).toString()))
      )
        throw new CountersignError('capability_missing', method);
      if (!http.openStream()) throw new CountersignError('question_unanswered', 'the client takes no stream');
      const question = questions.open(session, AbortSignal.any([signal, cancelled]));
      http.send(requestFrame(question.id, method, paramsBytes));
      return question.answer;
    },
  };
};
