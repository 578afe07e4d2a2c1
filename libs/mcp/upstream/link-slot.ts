import { CountersignError } from '#core/errors.js';
import { delay } from './delay.js';
import type { ReadyLink } from './link.js';
import type { UpstreamState } from './upstream.types.js';

/** The place where the one link of an upstream is, or will be. */
export interface LinkSlot {
  readonly state: UpstreamState;
  readonly link: ReadyLink | undefined;
  become(state: UpstreamState, link?: ReadyLink): void;
  /**
   * A link the server still knows. Waits up to `wait_ms` for one that is being made; a forgotten one is waited out
   * once. Nothing of the request has been sent by then.
   * @throws CountersignError upstream_unavailable or call_cancelled.
   */
  goodLink(signal: AbortSignal, wait_ms: number): Promise<ReadyLink>;
}

export const createLinkSlot = (): LinkSlot => {
  let state: UpstreamState = { kind: 'connecting' };
  let link: ReadyLink | undefined;
  let changed = Promise.withResolvers<void>();
  const unavailable = () => new CountersignError('upstream_unavailable', state.reason);

  const anyLink = async (
    signal: AbortSignal,
    until: number,
    except: ReadyLink | undefined,
  ): Promise<ReadyLink> => {
    while (!link || link === except) {
      const left = until - performance.now();
      if (state.kind === 'down' || left <= 0) throw unavailable();
      await Promise.race([changed.promise, delay(left, signal)]);
      if (signal.aborted) throw new CountersignError('call_cancelled');
    }
    return link;
  };

  return {
    get state() {
      return state;
    },
    get link() {
      return link;
    },
    become(nextState, nextLink) {
      state = nextState;
      link = nextLink;
      changed.resolve();
      changed = Promise.withResolvers<void>();
    },
    async goodLink(signal, wait_ms) {
      const until = performance.now() + wait_ms;
      const first = await anyLink(signal, until, undefined);
      if (await first.stillKnown()) return first;
      const second = await anyLink(signal, until, first);
      if (await second.stillKnown()) return second;
      throw unavailable();
    },
  };
};
