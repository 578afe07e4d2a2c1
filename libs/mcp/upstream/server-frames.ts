import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { NotificationFrame, RequestFrame, RequestId } from '../frame.js';
import { errorFrame, resultFrame } from '../frame-write.js';
import { RELATED_TASK } from '../tasks.js';
import { tellChange } from './changes.js';
import type { ServerRequestMethod } from './client-capabilities.js';
import type { Exchange } from './exchange.js';
import { asObject } from './json-object.js';
import type { LinkEvents } from './link.js';

/** What a legacy server and we are busy with on one connection. */
export interface Conversation {
  readonly exchanges: ReadonlyMap<RequestId, Exchange>;
  readonly events: LinkEvents;
  /** Kinds of questions that were declared to the server; others are refused. */
  readonly serverRequests: readonly ServerRequestMethod[];
  /** Sends one frame back; `exchange` when it answers a question of that request. */
  reply(frame: Uint8Array, exchange?: Exchange): void;
}

const EMPTY_RESULT = Buffer.from('{}');

/**
 * Takes what a legacy server says that is no response. `own` is the request whose stream it came on; on a channel that
 * all requests share it belongs to the request that waits for the task it names, or, when it names none, to the only
 * request under way that could have caused it, or to none: never guessed, since a question must not reach another caller.
 */
export const takeServerFrame = (
  conversation: Conversation,
  frame: RequestFrame | NotificationFrame,
  own?: Exchange,
): void => {
  if (frame.kind === 'request') void answerRequest(conversation, frame, own);
  else takeNotification(conversation, frame, own);
};

const answerRequest = async (
  { exchanges, serverRequests, reply }: Conversation,
  frame: RequestFrame,
  own: Exchange | undefined,
): Promise<void> => {
  if (frame.method === 'ping') {
    reply(resultFrame(frame.id, EMPTY_RESULT));
    return;
  }
  const declared = (serverRequests as readonly string[]).includes(frame.method);
  const exchange = own ?? causeOf(exchanges, frame.params);
  if (!declared || exchange?.questions === undefined) {
    reply(errorFrame(frame.id, 'method_unknown'));
    return;
  }
  const answer = await exchange.questions.ask(frame);
  if (answer) reply(answer, exchange);
};

const takeNotification = (
  { exchanges, events }: Conversation,
  { method, params }: NotificationFrame,
  own: Exchange | undefined,
): void => {
  if (method === 'notifications/progress') {
    // The token tells whose it is.
    for (const exchange of own ? [own] : exchanges.values()) exchange.progress(params);
  } else if (method === 'notifications/cancelled') {
    const id = params['requestId'] as RequestId;
    for (const { questions } of own ? [own] : exchanges.values()) questions?.withdraw(id);
  } else if (!tellChange(events, method, params)) {
    (own ?? causeOf(exchanges, params))?.notify(method, params);
  }
};

const causeOf = (
  exchanges: ReadonlyMap<RequestId, Exchange>,
  { _meta }: JsonObject,
): Exchange | undefined => {
  const related = asObject(asObject(_meta)[RELATED_TASK])['taskId'];
  if (related === undefined) return onlyOne(exchanges);
  return [...exchanges.values()].find(({ over, taskId }) => !over && taskId === related);
};

/** Undefined unless exactly one request of a caller is under way. */
const onlyOne = (exchanges: ReadonlyMap<RequestId, Exchange>): Exchange | undefined => {
  const possible = [...exchanges.values()].filter((exchange) => !exchange.over && !exchange.ours);
  return possible.length === 1 ? possible[0] : undefined;
};
