import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { tellChange } from './changes.js';
import { delay } from './delay.js';
import { asObject } from './json-object.js';
import type { UpstreamLimits } from './limits.js';
import type { Link, LinkEvents, ReadyLink } from './link.js';
import type { ListKind, UpstreamServer } from './upstream.types.js';

export interface Changes
  extends Pick<Required<ReadyLink>, 'watch' | 'unwatch' | 'watchTask' | 'unwatchTask'> {
  /** Whether the server has agreed to tell of changes of this list. */
  tells(kind: ListKind): boolean;
  stop(): void;
}

/** The longest time a timer can wait. */
const FOR_EVER_MS = 2 ** 31 - 1;
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const FILTERS: Readonly<Record<ListKind, { readonly capability: string; readonly member: string }>> = {
  tools: { capability: 'tools', member: 'toolsListChanged' },
  prompts: { capability: 'prompts', member: 'promptsListChanged' },
  resources: { capability: 'resources', member: 'resourcesListChanged' },
  resourceTemplates: { capability: 'resources', member: 'resourcesListChanged' },
};

interface Stream {
  /** What the server agreed to; undefined when the stream ended before. */
  readonly agreed: Promise<JsonObject | undefined>;
  /** Fulfils when the stream is over; `declined` when the server answered with an error. */
  readonly ended: Promise<'ended' | 'declined'>;
  close(): void;
}

/**
 * Keeps one subscriptions/listen stream open (MCP 2026-07-28 basic/patterns/subscriptions) for changes of lists, of
 * watched resources and of tasks. When the watched set changes the new stream is there before the old one is closed, so that nothing
 * falls between them. A stream that breaks is opened again with back-off, and all lists count as changed.
 */
export const listenForChanges = (
  link: Link,
  server: UpstreamServer,
  meta: JsonObject,
  limits: UpstreamLimits,
  events: LinkEvents,
): Changes => {
  const stopping = new AbortController();
  const watched = new Map<string, PromiseWithResolvers<void>>();
  const tasks = new Set<string>();
  let agreed: JsonObject = {};
  let changed = Promise.withResolvers<'changed'>();
  const lists = listFilter(server);
  const resources = asObject(server.capabilities['resources']);
  const touch = (): void => {
    changed.resolve('changed');
    changed = Promise.withResolvers();
  };
  const filter = (): JsonObject => ({
    ...lists,
    ...(watched.size > 0 && { resourceSubscriptions: [...watched.keys()] }),
    ...(tasks.size > 0 && { taskIds: [...tasks] }),
  });
  const settle = (asked: JsonObject, answer: JsonObject): void => {
    agreed = answer;
    const told = Array.isArray(answer['resourceSubscriptions']) ? answer['resourceSubscriptions'] : [];
    for (const uri of (asked['resourceSubscriptions'] ?? []) as readonly string[]) {
      const waiting = watched.get(uri);
      if (told.includes(uri)) waiting?.resolve();
      else if (watched.delete(uri)) waiting?.reject(unavailable('the server does not watch this resource'));
    }
  };
  const run = async (): Promise<void> => {
    let open: Stream | undefined;
    let gap = false;
    let failures = 0;
    while (!stopping.signal.aborted) {
      const asked = filter();
      const change = changed.promise;
      if (Object.keys(asked).length === 0) {
        open?.close();
        open = undefined;
        await Promise.race([change, stopped(stopping.signal)]);
        continue;
      }
      const next = openStream(link, { _meta: meta, notifications: asked }, limits, events, stopping.signal);
      const answer = await next.agreed;
      open?.close();
      open = undefined;
      if (answer) {
        failures = 0;
        settle(asked, answer);
        if (gap) tellAll(events, watched.keys(), tasks);
        const why = await Promise.race([next.ended, change]);
        if (why === 'changed') {
          open = next;
          gap = false;
          continue;
        }
      } else if ((await next.ended) === 'declined') {
        settle(asked, {});
        await Promise.race([change, stopped(stopping.signal)]);
        continue;
      }
      gap = true;
      agreed = {};
      next.close();
      failures++;
      const grown = Math.min(limits.backoff_first_ms * 2 ** Math.min(failures, 20), limits.backoff_max_ms);
      await delay(grown * (0.8 + Math.random() * 0.4), stopping.signal);
    }
    open?.close();
  };
  void run();
  return {
    tells: (kind) => agreed[FILTERS[kind].member] === true,
    async watch(uri) {
      if (!resources['subscribe']) throw unavailable('the server does not watch resources');
      const waiting = watched.get(uri) ?? Promise.withResolvers<void>();
      if (!watched.has(uri)) {
        watched.set(uri, waiting);
        touch();
      }
      const timeUp = new AbortController();
      const late = delay(limits.request_ms, timeUp.signal).then(() => {
        if (timeUp.signal.aborted) return;
        watched.delete(uri);
        touch();
        throw unavailable('the server did not acknowledge the subscription');
      });
      await Promise.race([waiting.promise, late]).finally(() => timeUp.abort());
    },
    async unwatch(uri) {
      if (watched.delete(uri)) touch();
    },
    watchTask(taskId) {
      tasks.add(taskId);
      touch();
    },
    unwatchTask(taskId) {
      if (tasks.delete(taskId)) touch();
    },
    stop() {
      stopping.abort();
      for (const waiting of watched.values()) {
        waiting.promise.catch(() => undefined);
        waiting.reject(unavailable('the connection has ended'));
      }
    },
  };
};

const listFilter = ({ capabilities }: UpstreamServer): JsonObject => {
  const declared = Object.values(FILTERS).filter(
    ({ capability }) => asObject(capabilities[capability])['listChanged'] === true,
  );
  return Object.fromEntries(declared.map(({ member }) => [member, true]));
};

const openStream = (
  link: Link,
  params: JsonObject,
  limits: UpstreamLimits,
  events: LinkEvents,
  signal: AbortSignal,
): Stream => {
  const closing = new AbortController();
  const agreed = Promise.withResolvers<JsonObject | undefined>();
  let acknowledged = false;
  const late = setTimeout(() => closing.abort(), limits.request_ms);
  const onNotification = (method: string, notified: JsonObject): void => {
    if (method === ACKNOWLEDGED) {
      acknowledged = true;
      clearTimeout(late);
      agreed.resolve(asObject(notified['notifications']));
    } else if (method === 'notifications/cancelled') closing.abort();
    // Before the acknowledgement nothing may come.
    else if (acknowledged) tellChange(events, method, notified);
  };
  const ended = link
    .request('subscriptions/listen', Buffer.from(JSON.stringify(params)), {
      deadline_ms: FOR_EVER_MS,
      signal: AbortSignal.any([closing.signal, signal]),
      resultBytesMax: limits.message_bytes_max,
      ours: true,
      notifications_max: Number.POSITIVE_INFINITY,
      onNotification,
    })
    .then(
      ({ kind }) => (kind === 'error' ? ('declined' as const) : ('ended' as const)),
      () => 'ended' as const,
    )
    .finally(() => {
      clearTimeout(late);
      agreed.resolve(undefined);
    });
  return { agreed: agreed.promise, ended, close: () => closing.abort() };
};

const tellAll = (events: LinkEvents, uris: Iterable<string>, taskIds: Iterable<string>): void => {
  for (const kind of Object.keys(FILTERS) as ListKind[]) events.onListChanged(kind);
  for (const uri of uris) events.onResourceUpdated(uri);
  for (const taskId of taskIds) events.onTaskChanged(taskId);
};

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

const unavailable = (detail: string) => new CountersignError('upstream_unavailable', detail);
