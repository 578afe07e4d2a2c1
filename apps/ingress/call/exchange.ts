import type { Progress } from '#mcp/upstream/upstream.types.js';

/** The caller's side of one request: where progress goes while it waits. Gates know no HTTP. */
export interface Exchange {
  /** Aborts when the caller sends notifications/cancelled. */
  readonly cancelled: AbortSignal;
  /** True once the caller's connection is gone; under the revisions served here that is no cancellation. */
  isGone(): boolean;
  /** Opens the SSE stream at once, so that no client waits for headers while a human decides. */
  openStream(): void;
  progress(progress: Progress & { readonly message?: string }): void;
  /** An SSE comment; keeps proxies from closing an idle stream. */
  keepAlive(): void;
}
