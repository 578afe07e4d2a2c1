import type { Digest } from '../hash.js';

/** A running ingress takes over servers of a changed configuration; in stream `gateway-<id>`, before it does. */
export interface ServersConfigured {
  readonly type: 'ServersConfigured';
  readonly v: 1;
  readonly data: {
    readonly added: readonly string[];
    readonly by: 'configuration';
    readonly changed: readonly string[];
    /** Of the upstream section as written. */
    readonly digest: Digest;
    readonly removed: readonly string[];
  };
}
