import { CountersignError } from '#core/errors.js';
import { delay } from './delay.js';
import type { ReadyLink } from './link.js';
import type { UpstreamState } from './upstream.types.js';

/** The place where the one link of an upstream is, or will be. */
export interface LinkSlot {
  readonly state: UpstreamState;
  readonly link: ReadyLink | undefined;
  become(state: UpstreamState, link?: ReadyLink): void;
  /** No link for want of a credential; this is what requests are told. */
  lack(state: UpstreamState, credential: CountersignError): void;
  /**
   * A link the server still knows. Waits up to `wait_ms` for one that is being made; a forgotten one is waited out
   * once. Nothing of the request has been sent by then.
   * @throws CountersignError upstream_unavailable, call_cancelled, or what is wrong with the credentials.
   */
  goodLink(signal: AbortSignal, wait_ms: number): Promise<ReadyLink>;
}

export const createLinkSlot = (): LinkSlot => {
  let state: UpstreamState = { kind: 'connecting' };
  let link: ReadyLink | undefined;
  let lacking: CountersignError | undefined;
  let changed = Promise.withResolvers<void>();
  const unavailable = () => lacking ?? new CountersignError('upstream_unavailable', state.reason);
  const become = (nextState: UpstreamState, nextLink?: ReadyLink, credential?: CountersignError): void => {
    state = nextState;
    link = nextLink;
    lacking = credential;
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };

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
    become: (nextState, nextLink) => become(nextState, nextLink),
    lack: (nextState, credential) => become(nextState, undefined, credential),
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
