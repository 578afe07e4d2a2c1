import { CountersignError } from '#core/errors.js';
import { readFrame } from '../frame.js';
import { notificationFrame } from '../frame-write.js';
import { createSseDecoder, type SseEvent } from '../sse-read.js';
import { type Channel, openChannel } from './channel.js';
import type { Exchange } from './exchange.js';
import { initialize } from './handshake.js';
import { type HttpEndpoint, type HttpTarget, openEndpoint } from './http-endpoint.js';
import { codeOf, type HttpSink, mediaTypeOf } from './http-send.js';
import { legacyReady } from './legacy-ready.js';
import { answerLimits, ENVELOPE_BYTES, type UpstreamLimits } from './limits.js';
import type { LinkEvents, LinkSettings, ReadyLink } from './link.js';

/** Messages without an answer that may be on their way; more are dropped. */
const TELLING_MAX = 64;
/** An answer to a POST says nothing but its status. */
const IGNORED_BYTES_MAX = 64 * 1024;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * MCP 2024-11-05 basic/transports, HTTP with SSE: one event stream for all that the server says, and an address, told by
 * its first event, that takes what the client says. That address must have the origin of the stream.
 */
export const connectSse = async (
  target: HttpTarget,
  settings: LinkSettings<unknown>,
  events: LinkEvents,
  signal: AbortSignal,
): Promise<ReadyLink> => {
  const { limits } = settings;
  const stream = openEndpoint(target, limits.calls_max);
  const posting = Promise.withResolvers<HttpEndpoint>();
  let post: HttpEndpoint | undefined;
  let telling = 0;
  const tell = async (frame: Uint8Array, exchange?: Exchange): Promise<void> => {
    if (!post || telling >= TELLING_MAX) return;
    telling++;
    await post.tell(frame, limits.request_ms, { caller: exchange?.caller });
    telling--;
  };
  const channel = openChannel(
    {
      blocked: () => undefined,
      send: (frame, exchange) => {
        if (post) sendRequest(post, frame, exchange);
      },
      tell: (frame, exchange) => void tell(frame, exchange),
    },
    settings,
    events,
  );
  const listening = listen(stream, channel, limits, (address) => {
    post ??= { ...openEndpoint({ ...target, url: sameOrigin(address, target.url) }, limits.calls_max) };
    posting.resolve(post);
  });
  const late = setTimeout(() => channel.lose('no endpoint event', 'connection_lost'), limits.probe_ms);
  const leave = (): void => channel.lose('closed', 'connection_lost');
  signal.addEventListener('abort', leave, { once: true });
  let closing: Promise<unknown> | undefined;
  const link = {
    lost: channel.lost,
    stillKnown: channel.stillKnown,
    request: channel.request,
    async close() {
      signal.removeEventListener('abort', leave);
      leave();
      listening.abort();
      closing ??= Promise.all([stream.pool.destroy(), post?.pool.destroy()]);
      await closing;
    },
  };
  const why = await Promise.race([posting.promise.then(() => undefined), channel.lost]);
  clearTimeout(late);
  if (why !== undefined) {
    await link.close();
    throw new CountersignError('upstream_unavailable', why);
  }
  const server = await initialize(link, settings, signal, async () =>
    tell(notificationFrame('notifications/initialized')),
  );
  return legacyReady(link, server, limits);
};

const listen = (
  endpoint: HttpEndpoint,
  channel: Channel,
  limits: UpstreamLimits,
  onEndpoint: (address: string) => void,
): { abort(): void } => {
  const event_bytes_max = limits.message_bytes_max + ENVELOPE_BYTES;
  const decoder = createSseDecoder({ event_bytes_max });
  let isStream = false;
  const take = ({ event, data }: SseEvent): void => {
    if (data.length === 0) return;
    if (event === 'endpoint') onEndpoint(UTF8.decode(data));
    else if (event === 'message') channel.take(readFrame(data, answerLimits(limits, event_bytes_max)));
  };
  const sink: HttpSink = {
    onHead(status, headers) {
      isStream = status === 200 && mediaTypeOf(headers) === 'text/event-stream';
      if (!isStream) channel.lose(`HTTP ${status}`, 'connection_lost');
    },
    onData(chunk) {
      if (!isStream || !channel.open) return;
      try {
        for (const event of decoder.push(chunk)) take(event);
      } catch (error) {
        // No later event can be trusted to be the answer it claims to be.
        const why = error instanceof CountersignError ? error.detail : undefined;
        channel.lose(why ?? 'an event stream that is not MCP', 'invalid_answer');
      }
    },
    onEnd: () => channel.lose('the event stream ended', 'connection_lost'),
    onFailure: (error) =>
      channel.lose(
        error instanceof CountersignError
          ? (error.detail ?? error.code)
          : `cannot be reached (${codeOf(error)})`,
        'connection_lost',
      ),
  };
  return endpoint.get(undefined, sink);
};

/** The answer comes on the stream; the response to the POST only tells whether the message was taken. */
const sendRequest = (post: HttpEndpoint, frame: Uint8Array, exchange: Exchange): void => {
  let bytes = 0;
  const sending = post.post(
    frame,
    {
      onSent: () => exchange.markSent(),
      onRefused: () => exchange.markUnsent(),
      onHead(status) {
        if (status >= 200 && status < 300) return;
        if (status >= 400 && status < 500 && status !== 408 && status !== 409)
          exchange.refuse(`HTTP ${status}`);
        else exchange.fail('http_status', `HTTP ${status}`);
      },
      onData(chunk) {
        bytes += chunk.length;
        if (bytes > IGNORED_BYTES_MAX) sending.abort();
      },
      onEnd: () => {},
      onFailure(error) {
        if (error instanceof CountersignError) exchange.refuse(error);
        else if (bytes === 0) exchange.fail('connection_lost', codeOf(error));
      },
    },
    { caller: exchange.caller },
  );
};

/** @throws CountersignError upstream_invalid: credentials must not go to an address that a stream names. */
const sameOrigin = (address: string, base: URL): URL => {
  const url = URL.parse(address, base.href);
  if (!url || url.origin !== base.origin || url.username || url.password)
    throw new CountersignError('upstream_invalid', 'the endpoint event names another origin');
  return url;
};
