import type { Frame, RequestId } from '../frame.js';
import { notificationFrame, requestFrame } from '../frame-write.js';
import { META } from '../meta.js';
import { type Exchange, openExchange } from './exchange.js';
import type { Link, LinkEvents, LinkRequestOptions, LinkSettings } from './link.js';
import { type Conversation, takeServerFrame } from './server-frames.js';
import type { CallAnswer, UpstreamEra } from './upstream.types.js';

/** How frames get to the server when all that it says comes back on one stream. */
export interface Carrier {
  /** Why nothing can be sent now; undefined when it can. */
  blocked(): string | undefined;
  /** Sends a request and tells its exchange what becomes of the sending. */
  send(frame: Uint8Array, exchange: Exchange): void;
  /** Sends what has no answer, or drops it. */
  tell(frame: Uint8Array, exchange?: Exchange): void;
}

/** A connection on which the messages of all requests share one stream: stdio, HTTP+SSE. */
export interface Channel extends Omit<Link, 'close'> {
  readonly open: boolean;
  /** Legacy until told otherwise. */
  speak(era: UpstreamEra): void;
  take(frame: Frame): void;
  /** Ends all that is under way; nothing can be sent afterwards. */
  lose(reason: string, unknown: 'connection_lost' | 'invalid_answer'): void;
}

/** initialize must not be (2025-11-25 basic/utilities/cancellation), and to a legacy server nothing may come before it. */
const NEVER_CANCELLED = new Set(['initialize', 'server/discover']);

export const openChannel = (
  carrier: Carrier,
  { limits, serverRequests }: Pick<LinkSettings<unknown>, 'limits' | 'serverRequests'>,
  events: LinkEvents,
): Channel => {
  const exchanges = new Map<RequestId, Exchange>();
  const lost = Promise.withResolvers<string>();
  const conversation: Conversation = { exchanges, events, serverRequests, reply: carrier.tell };
  let era: UpstreamEra = 'legacy';
  let open = true;
  let nextId = 1;

  const lose: Channel['lose'] = (reason, unknown) => {
    open = false;
    for (const exchange of exchanges.values()) exchange.fail(unknown, reason);
    lost.resolve(reason);
  };
  const request = (
    method: string,
    paramsBytes: Uint8Array,
    options: LinkRequestOptions,
  ): Promise<CallAnswer> => {
    const id = nextId++;
    const exchange = openExchange(id, options, (reason, sent) => {
      if (!sent || !open || NEVER_CANCELLED.has(method)) return;
      carrier.tell(notificationFrame('notifications/cancelled', { requestId: id, reason }), exchange);
    });
    const blocked = open ? carrier.blocked() : 'the connection has ended';
    if (blocked !== undefined) exchange.refuse(blocked);
    else if (exchanges.size >= limits.calls_max) exchange.refuse('too many calls are under way');
    if (exchange.over) return exchange.settled;
    exchanges.set(id, exchange);
    carrier.send(requestFrame(id, method, paramsBytes), exchange);
    return exchange.settled.finally(() => exchanges.delete(id));
  };
  const take = (frame: Frame): void => {
    if (frame.kind === 'response') exchanges.get(frame.id ?? '')?.answer(frame);
    else if (era === 'legacy') takeServerFrame(conversation, frame);
    // 2026-07-28 basic/transports/stdio: the server writes no requests.
    else if (frame.kind === 'request') lose('a request of the server', 'invalid_answer');
    else {
      const { method, params } = frame;
      const listening = exchanges.get(subscriptionOf(method, params));
      if (listening?.ours) listening.notify(method, params);
      else takeServerFrame(conversation, frame);
    }
  };
  return {
    lost: lost.promise,
    get open() {
      return open;
    },
    speak: (spoken) => {
      era = spoken;
    },
    request,
    stillKnown: async () => open,
    take,
    lose,
  };
};

/** The id of the subscriptions/listen request that a notification of the modern era belongs to. */
const subscriptionOf = (method: string, params: JsonParams): RequestId => {
  const meta = params['_meta'] as JsonParams | undefined;
  const id = method === 'notifications/cancelled' ? params['requestId'] : meta?.[META.subscriptionId];
  return typeof id === 'number' ? id : '';
};

type JsonParams = { readonly [key: string]: unknown };
