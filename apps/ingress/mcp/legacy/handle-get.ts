import { randomUUID } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import { notificationFrame } from '#mcp/frame-write.js';
import { sseComment, sseMessage } from '#mcp/sse.js';
import { LIST_KINDS } from '#mcp/upstream/upstream.types.js';
import type { Gateway } from '../../gateway.js';
import type { Listener } from '../../listeners.js';
import type { Post } from '../mcp-request.js';
import { untilExpiry } from '../modern/listen.js';
import { SSE_HEADERS } from '../sse-headers.js';
import { followSession } from '../tasks/follow-session.js';
import { type Opened, openSessionOf } from './open-session-of.js';

const KEEP_ALIVE_MS = 15_000;
const OWN_STREAM = /^listen_/;

/**
 * GET of a legacy session (MCP 2025-11-25 basic/transports): its stream of notifications, or, with Last-Event-ID, the rest
 * of a response stream that was cut. A notification stream that was cut is not replayed: it begins by saying that
 * everything may have changed, which is true on every replica.
 * @throws CountersignError session_unknown, media_type_refused, not_found
 */
export const handleGet = async (gateway: Gateway, post: Post): Promise<void> => {
  const { request, reply, server } = post;
  const opened = await openSessionOf(gateway, post);
  if (!(request.headers.accept ?? '').includes('text/event-stream'))
    throw new CountersignError('media_type_refused', 'Accept');
  const lastEventId = request.headers['last-event-id'];
  if (typeof lastEventId === 'string' && !OWN_STREAM.test(lastEventId)) {
    gateway.streams.resume(opened.owner, lastEventId, reply.raw);
    reply.hijack();
    return;
  }
  const leave = gateway.listeners.takePlace(opened.owner);
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, SSE_HEADERS);
  raw.flushHeaders();
  const listener = streamListener(opened, server, raw);
  if (lastEventId !== undefined) sayAll(listener);
  gateway.listeners.add(listener);
  const unfollow = followSession(gateway, post, opened, listener);
  const keepAlive = setInterval(() => raw.write(sseComment('waiting')), KEEP_ALIVE_MS);
  const expiry = setTimeout(() => raw.end(), untilExpiry(gateway, opened));
  const over = (): void => {
    clearInterval(keepAlive);
    clearTimeout(expiry);
    gateway.listeners.remove(listener);
    unfollow();
    leave();
  };
  // The client may have left while its session was looked at.
  if (raw.destroyed) over();
  else raw.once('close', over);
};

const streamListener = (
  { owner, session }: Opened,
  server: string | undefined,
  raw: Post['reply']['raw'],
): Listener => ({
  owner,
  subscriber: session.id,
  server,
  lists: new Set(LIST_KINDS),
  notify: (method, params) => {
    if (!raw.destroyed)
      raw.write(sseMessage(notificationFrame(method, params), { id: `listen_${randomUUID()}` }));
  },
  close: () => raw.end(),
});

const sayAll = (listener: Listener): void => {
  for (const kind of ['tools', 'prompts', 'resources'])
    listener.notify(`notifications/${kind}/list_changed`, {});
};
