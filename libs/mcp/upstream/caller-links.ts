import { CountersignError } from '#core/errors.js';
import { delay } from './delay.js';
import type { UpstreamLimits } from './limits.js';
import type { Connect, LinkEvents, ReadyLink } from './link.js';
import type { UpstreamAuth, UpstreamCaller } from './upstream-auth.types.js';

/** Links of single callers, for servers that keep sessions and take each caller's own credential. */
export interface CallerLinks {
  /**
   * Runs `send` over the link of this caller and no other, made now if there is none.
   * @param wait_ms how long to wait for a link that is being made
   * @throws CountersignError upstream_unavailable, call_cancelled, what is wrong with the credentials (nothing was sent
   * then), or what `send` throws
   */
  use<Answer>(
    caller: UpstreamCaller,
    signal: AbortSignal,
    wait_ms: number,
    send: (link: ReadyLink) => Promise<Answer>,
  ): Promise<Answer>;
  close(): Promise<void>;
}

interface Place {
  /** As of the latest request: an older token may have ended. */
  caller: UpstreamCaller;
  link: Promise<ReadyLink> | undefined;
  running: number;
  idle: NodeJS.Timeout | undefined;
  readonly closing: AbortController;
}

type Limits = Pick<UpstreamLimits, 'caller_links_max' | 'caller_idle_ms'>;

/**
 * A session belongs to whoever opened it, so callers never share one. At most `caller_links_max` are open: those without
 * a request under way make room for others, and are closed after `caller_idle_ms`.
 * @param connectAs makes connections whose requests all carry the credential of the caller that `current` answers
 */
export const createCallerLinks = (
  connectAs: (current: () => UpstreamCaller) => Connect,
  events: LinkEvents,
  limits: Limits,
): CallerLinks => {
  const places = new Map<string, Place>();
  const endings = new Set<Promise<void>>();
  let closed = false;

  const end = (place: Place): void => {
    clearTimeout(place.idle);
    place.closing.abort();
    const ending = (place.link ?? Promise.resolve(undefined))
      .then((link) => link?.close())
      .catch(() => undefined)
      .finally(() => endings.delete(ending));
    endings.add(ending);
  };

  const drop = (key: string): void => {
    const place = places.get(key);
    places.delete(key);
    if (place) end(place);
  };

  const placeOf = (key: string, caller: UpstreamCaller): Place => {
    const known = places.get(key);
    // Set anew, so that the first one is the one not used for longest.
    places.delete(key);
    if (!known && places.size >= limits.caller_links_max) {
      const [unused] = [...places].find(([, { running }]) => running === 0) ?? [];
      if (unused === undefined) throw unavailable('too many callers are at work there');
      drop(unused);
    }
    const place: Place = known ?? {
      caller,
      link: undefined,
      running: 0,
      idle: undefined,
      closing: new AbortController(),
    };
    places.set(key, place);
    return place;
  };

  const open = (place: Place): Promise<ReadyLink> => {
    const connect = connectAs(() => place.caller);
    const forget = (): void => {
      if (place.link === opening) place.link = undefined;
    };
    const opening = connect(events, place.closing.signal).then((link) => {
      void link.lost.then(() => {
        forget();
        return link.close();
      });
      return link;
    });
    opening.catch(forget);
    return opening;
  };

  const linkOf = async (place: Place, signal: AbortSignal, until: number): Promise<ReadyLink> => {
    // A forgotten session is waited out once.
    for (let round = 0; round < 2; round++) {
      place.link ??= open(place);
      const opening = place.link;
      const late = delay(Math.max(0, until - performance.now()), signal).then(() => undefined);
      const link = await Promise.race([opening, late]);
      if (signal.aborted) throw new CountersignError('call_cancelled');
      if (!link) throw unavailable('no connection for this caller yet');
      if (await link.stillKnown()) return link;
      if (place.link === opening) place.link = undefined;
    }
    throw unavailable('the session of this caller has ended');
  };

  return {
    async use(caller, signal, wait_ms, send) {
      if (closed) throw unavailable('closed');
      const key = JSON.stringify([caller.issuer, caller.subject]);
      const place = placeOf(key, caller);
      place.caller = caller;
      clearTimeout(place.idle);
      place.running++;
      try {
        return await send(await linkOf(place, signal, performance.now() + wait_ms));
      } finally {
        place.running--;
        if (place.running === 0 && places.get(key) === place)
          place.idle = setTimeout(() => drop(key), limits.caller_idle_ms).unref();
      }
    },
    async close() {
      closed = true;
      for (const key of [...places.keys()]) drop(key);
      await Promise.all(endings);
    },
  };
};

/** Requests that no caller makes (initialize, pings, the stream of changes) go out as this one too. */
export const authAs = (auth: UpstreamAuth, current: () => UpstreamCaller): UpstreamAuth => ({
  headers: (caller) => auth.headers(caller ?? current()),
  challenged: (status, wwwAuthenticate, caller) =>
    auth.challenged(status, wwwAuthenticate, caller ?? current()),
});

const unavailable = (detail: string) => new CountersignError('upstream_unavailable', detail);
