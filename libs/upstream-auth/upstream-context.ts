import { createHash } from 'node:crypto';
import type { UpstreamCaller } from '#mcp/upstream/upstream-auth.types.js';
import type { OutboundFetch } from '#outbound/guarded-fetch.js';
import type { ReadSecret } from './oauth/client-authentication.js';
import type { SealedStore } from './store/sealed-store.js';

/** What every way of authenticating at one upstream works with. */
export interface UpstreamContext {
  /** Name of the upstream in the configuration. */
  readonly upstream: string;
  readonly serverUrl: URL;
  readonly fetch: OutboundFetch;
  readonly store: SealedStore;
  readonly readSecret: ReadSecret;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Whose credential it is: the gateway's own, or the one of a caller. */
export type Owner = 'gateway' | `caller:${string}`;

export const ownerOf = (caller: Pick<UpstreamCaller, 'issuer' | 'subject'> | undefined): Owner =>
  caller === undefined
    ? 'gateway'
    : `caller:${createHash('sha256')
        .update(JSON.stringify([caller.issuer, caller.subject]))
        .digest('hex')}`;
