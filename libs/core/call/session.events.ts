/** A session expires at the latest so long after it began; nobody needs to remember its end for longer. */
export const SESSION_MS = 24 * 3_600_000;

export const SESSION_STARTED: SessionStarted['type'] = 'SessionStarted';
export const SESSION_ENDED: SessionEnded['type'] = 'SessionEnded';

/** A caller has opened a legacy session by `initialize` (MCP 2025-11-25 basic/lifecycle); in stream `session-<id>`. */
export interface SessionStarted {
  readonly type: 'SessionStarted';
  readonly v: 1;
  readonly data: {
    /** As it calls itself. */
    readonly client: { readonly name: string; readonly version: string };
    readonly endpoint: string;
    readonly expires_ms: number;
    /** Of the protocol, as negotiated. */
    readonly revision: string;
  };
}

/** A legacy session (MCP 2025-11-25 basic/transports) was ended by its client; in stream `session-<id>`. */
export interface SessionEnded {
  readonly type: 'SessionEnded';
  readonly v: 1;
  readonly data: {
    readonly client: { readonly name: string; readonly version: string };
    /** When it would have expired by itself; until then replicas remember. */
    readonly expires_ms: number;
  };
}

export const sessionStream = (sessionId: string): string => `session-${sessionId}`;
