import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import type { OutboundRules } from './outbound-rules.js';

/** Every address of a name, as the resolver of the system gives them. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export interface GuardedConnectOptions {
  readonly rules: OutboundRules;
  /** Milliseconds until a connection must stand; default 10,000. */
  readonly connect_ms?: number;
  /** Replaces the resolver of the system; for tests. */
  readonly resolve?: Resolve;
}

/** The address is not one that the gateway may connect to; nothing was sent. */
export class OutboundRefusedError extends Error {
  override readonly name = 'OutboundRefusedError';
  readonly code = 'OUTBOUND_REFUSED';
}

const CONNECT_MS = 10_000;

/**
 * A connector for undici that resolves the name once, refuses when any of its addresses may not be reached, and
 * connects to the addresses it has checked: a name that changes its answer in between (DNS rebinding) changes nothing.
 * Server name and certificate check of TLS stay those of the host in the URL. Use as `new Pool(origin, { connect })`.
 */
export const guardedConnect = (options: GuardedConnectOptions): buildConnector.connector => {
  const { rules, connect_ms = CONNECT_MS, resolve = systemResolve } = options;
  const checked = async (host: string): Promise<readonly LookupAddress[]> => {
    const addresses = await resolve(host);
    if (addresses.length === 0 || !addresses.every(({ address }) => rules.permits(host, address)))
      throw new OutboundRefusedError(`${host} has an address that must not be reached`);
    return addresses;
  };
  const connect = buildConnector({
    timeout: connect_ms,
    // The only resolution there is: sockets ask it once and use its answer.
    lookup: (host: string, { all }: LookupOptions, answer: LookupAnswer) => {
      checked(host).then(
        (addresses) => {
          const [first] = addresses;
          if (all === true) answer(null, [...addresses]);
          else answer(null, first?.address ?? '', first?.family);
        },
        (error: unknown) => answer(error as Error, ''),
      );
    },
  } as buildConnector.BuildOptions);
  return (target, done) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // An address in the URL is never looked up.
    if (isIP(host) !== 0 && !rules.permits(host, host)) {
      done(new OutboundRefusedError(`${host} must not be reached`), null);
      return;
    }
    connect(target, done);
  };
};

type LookupAnswer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

const systemResolve: Resolve = (host) =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
