import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
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
  const { connect_ms: timeout = CONNECT_MS } = options;
  const lookup = checkedLookup(options);
  const connect = buildConnector({ timeout, lookup } as buildConnector.BuildOptions);
  return (target, done) => {
    const refusal = refusalOf(options, target.hostname.replace(/^\[|\]$/g, ''));
    if (refusal === undefined) connect(target, done);
    else done(refusal, null);
  };
};

/**
 * The same for protocols other than HTTP: a connection that stands, to an address that was checked. TLS on top of it is for the
 * caller, and must ask for the host by its name.
 * @throws OutboundRefusedError, and the errors of sockets
 */
export const connectGuarded = (
  host: string,
  port: number,
  options: GuardedConnectOptions,
): Promise<Socket> => {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const refusal = refusalOf(options, host);
  if (refusal !== undefined) return Promise.reject(refusal);
  const socket = connectSocket({ host, port, lookup: checkedLookup(options) });
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
    options.connect_ms ?? CONNECT_MS,
  );
  socket.once('error', reject).once('connect', () => resolve(socket));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.off('error', reject);
  });
};

/** An address in place of a name is never looked up. */
const refusalOf = ({ rules }: GuardedConnectOptions, host: string): OutboundRefusedError | undefined =>
  isIP(host) !== 0 && !rules.permits(host, host)
    ? new OutboundRefusedError(`${host} must not be reached`)
    : undefined;

/** The only resolution there is: sockets ask it once and use its answer. */
const checkedLookup = ({ rules, resolve = systemResolve }: GuardedConnectOptions) => {
  const checked = async (host: string): Promise<readonly LookupAddress[]> => {
    const addresses = await resolve(host);
    if (addresses.length === 0 || !addresses.every(({ address }) => rules.permits(host, address)))
      throw new OutboundRefusedError(`${host} has an address that must not be reached`);
    return addresses;
  };
  return (host: string, { all }: LookupOptions, answer: LookupAnswer): void => {
    checked(host).then(
      (addresses) => {
        const [first] = addresses;
        if (all === true) answer(null, [...addresses]);
        else answer(null, first?.address ?? '', first?.family);
      },
      (error: unknown) => answer(error as Error, ''),
    );
  };
};

type LookupAnswer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

const systemResolve: Resolve = (host) =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
