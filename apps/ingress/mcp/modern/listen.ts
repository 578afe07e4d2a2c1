import { randomUUID } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { notificationFrame, resultFrame } from '#mcp/frame-write.js';
import { META } from '#mcp/meta.js';
import type { ListKind } from '#mcp/upstream/upstream.types.js';
import type { Gateway } from '../../gateway.js';
import { handleCall } from '../../handle-call.js';
import type { Listener } from '../../listeners.js';
import { httpReply } from '../http-reply.js';
import type { McpRequest } from '../mcp-request.js';
import { recorded } from '../recorded.js';
import { silentExchange } from '../silent-exchange.js';
import { requireTasks, watchTask } from '../tasks/watch-tasks.js';
import { toCallRequest } from '../to-call-request.js';

/** Resources, and tasks, of one request. */
const WATCHED_MAX = 100;
const KEEP_ALIVE_MS = 15_000;

/**
 * `subscriptions/listen` (MCP 2026-07-28 basic/patterns/subscriptions): a stream of what the client asked to hear of and
 * may hear of. Each watched resource is a governed call of its own; one that is refused is left out of the acknowledgement.
 * @throws CountersignError params_invalid, media_type_refused for a client that takes no stream
 */
export const listen = async (gateway: Gateway, mcp: McpRequest): Promise<void> => {
  const { post, frame, owner } = mcp;
  if (!(post.request.headers.accept ?? '').includes('text/event-stream'))
    throw new CountersignError('media_type_refused', 'Accept');
  const wanted = frame.params['notifications'];
  if (!isJsonObject(wanted)) throw new CountersignError('params_invalid', 'notifications');
  const asked = namesIn(wanted['resourceSubscriptions'], 'resourceSubscriptions');
  const askedTasks = namesIn(wanted['taskIds'], 'taskIds');
  if (askedTasks.length > 0) requireTasks(mcp);
  const http = httpReply(post.request, post.reply);
  const { signal, end } = gateway.inFlight.begin(`${owner}\nlisten`, frame.id);
  const leave = takePlace(gateway, owner, end);
  const subscriber = randomUUID();
  http.openStream();
  const uris = await watchable(gateway, mcp, subscriber, asked, signal);
  const lists = listsIn(wanted);
  const tag = { _meta: { [META.subscriptionId]: frame.id } };
  const gone = new AbortController();
  const tasks = askedTasks.flatMap((taskId) => {
    const tell = (task: JsonObject) =>
      http.send(notificationFrame('notifications/tasks', { ...task, ...tag }));
    const stop = typeof taskId === 'string' ? watchTask(gateway, mcp, taskId, gone.signal, tell) : undefined;
    return stop === undefined ? [] : [{ taskId, stop }];
  });
  const honoured = {
    ...Object.fromEntries(WANTED.filter(([name]) => wanted[name] === true).map(([name]) => [name, true])),
    ...(uris.length === 0 ? {} : { resourceSubscriptions: uris }),
    ...(tasks.length === 0 ? {} : { taskIds: tasks.map(({ taskId }) => taskId) }),
  };
  const listener: Listener = {
    owner,
    subscriber,
    server: post.server,
    lists,
    notify: (method, params) => http.send(notificationFrame(method, { ...params, ...tag })),
    close: () =>
      http.finish(resultFrame(frame.id, Buffer.from(JSON.stringify({ resultType: 'complete', ...tag })))),
  };
  http.send(
    notificationFrame('notifications/subscriptions/acknowledged', { notifications: honoured, ...tag }),
  );
  gateway.listeners.add(listener);
  const keepAlive = setInterval(() => http.keepAlive(), KEEP_ALIVE_MS);
  // The token is looked at when the stream begins; what it allows ends with it.
  const expiry = setTimeout(() => listener.close(), untilExpiry(gateway, mcp));
  const over = () => {
    clearInterval(keepAlive);
    clearTimeout(expiry);
    gateway.listeners.remove(listener);
    gone.abort();
    for (const { stop } of tasks) stop();
    void gateway.listeners.forget(subscriber);
    end();
    leave();
  };
  // The client may have left while its resources were looked at.
  if (http.isGone() || post.reply.raw.destroyed) over();
  else post.reply.raw.once('close', over);
};

const takePlace = (gateway: Gateway, owner: string, end: () => void): (() => void) => {
  try {
    return gateway.listeners.takePlace(owner);
  } catch (error) {
    end();
    throw error;
  }
};

/** Looked at before the stream is opened: behind its headers nothing can be refused any more. */
const namesIn = (wanted: Json | undefined, member: string): readonly Json[] => {
  if (wanted === undefined) return [];
  if (!Array.isArray(wanted) || wanted.length > WATCHED_MAX)
    throw new CountersignError('params_invalid', member);
  return wanted;
};

const WANTED: readonly (readonly [string, readonly ListKind[]])[] = [
  ['toolsListChanged', ['tools']],
  ['promptsListChanged', ['prompts']],
  ['resourcesListChanged', ['resources', 'resourceTemplates']],
];

const listsIn = (wanted: JsonObject): ReadonlySet<ListKind> =>
  new Set(WANTED.flatMap(([name, kinds]) => (wanted[name] === true ? kinds : [])));

const watchable = async (
  gateway: Gateway,
  mcp: McpRequest,
  subscriber: string,
  wanted: readonly Json[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const honoured: string[] = [];
  for (const uri of wanted) {
    if (typeof uri !== 'string') continue;
    const frame = { ...mcp.frame, params: { uri } };
    try {
      const { call } = await toCallRequest(gateway, { ...mcp, frame }, 'resources/subscribe');
      await handleCall(gateway, { ...call, subscriber }, silentExchange(signal));
      honoured.push(uri);
    } catch (error) {
      const { caller, endpoint } = mcp;
      await recorded(gateway, { where: endpoint, caller, method: 'resources/subscribe' }, error);
    }
  }
  return honoured;
};

const TIMER_MS_MAX = 2 ** 31 - 1;

export const untilExpiry = (gateway: Gateway, { caller }: Pick<McpRequest, 'caller'>): number =>
  Math.min(Math.max(0, caller.expiresAt * 1_000 - gateway.now().getTime()), TIMER_MS_MAX);
