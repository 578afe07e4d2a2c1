import type { JsonObject } from '../evidence/canonical-json.js';

/** A caller was shown a list of what it could use; in stream `list-<id>`, before the caller has it. */
export interface ListShown {
  readonly type: 'ListShown';
  readonly v: 1;
  readonly data: {
    readonly endpoint: string;
    readonly groups: readonly string[];
    readonly method: string;
    /** How many entries, by server. What they say is pinned in the catalog; names of resources may be personal data. */
    readonly shown: JsonObject;
  };
}

/** A caller was told what an endpoint can do (MCP 2026-07-28 server/discover); in stream `list-<id>`, before it has that. */
export interface ServerDiscovered {
  readonly type: 'ServerDiscovered';
  readonly v: 1;
  readonly data: {
    /** As it calls itself, if it does. */
    readonly client: { readonly name: string; readonly version: string } | null;
    readonly endpoint: string;
    /** Of the protocol. */
    readonly revision: string;
  };
}

export const listStream = (listId: string): string => `list-${listId}`;
