/** Somebody has signed out of the approval page; in stream `session-<id>`. The actor is that person. */
export interface PageSessionEnded {
  readonly type: 'PageSessionEnded';
  readonly v: 1;
  readonly data: {
    /** When it would have ended by itself; until then replicas remember. */
    readonly expiresAt: string;
  };
}
