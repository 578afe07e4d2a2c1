import type { ServerRequestMethod } from './client-capabilities.js';
import type { UpstreamLimits } from './limits.js';
import type { CallAnswer, ListedItem, ListKind, RequestOptions, UpstreamServer } from './upstream.types.js';
import type { ClientInfo } from './upstream-config.types.js';

export interface LinkRequestOptions extends RequestOptions {
  /** The gateway asks for itself, not for a caller. */
  readonly ours?: boolean;
  /** For a request that is a stream of notifications; others have a limit of their own. */
  readonly notifications_max?: number;
}

/** One connection to an upstream. */
export interface Link {
  /** Fulfils with the reason once no new request can be sent here; never rejects. */
  readonly lost: Promise<string>;
  /** Sends one request, once. Throws what `Upstream.request` throws. */
  request(method: string, paramsBytes: Uint8Array, options: LinkRequestOptions): Promise<CallAnswer>;
  /** False when the link is lost. Asked before a call, so that a forgotten session costs a ping and never a second call. */
  stillKnown(): Promise<boolean>;
  /** The server speaks otherwise than it did: nothing new is sent here, what is under way may end. */
  forget?(reason: string): void;
  /** Frees everything; may be called twice, also after `lost`. */
  close(): Promise<void>;
}

/** A connection that may be used. */
export interface ReadyLink extends Link {
  readonly server: UpstreamServer;
  /** Throws what `Upstream.list` throws. */
  list(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** @throws CountersignError upstream_unavailable when the server declines. */
  watch(uri: string): Promise<void>;
  /** Never rejects. */
  unwatch(uri: string): Promise<void>;
  /** Legacy servers tell of tasks without being asked. */
  watchTask?(taskId: string): void;
  unwatchTask?(taskId: string): void;
}

/** What a server tells by itself, outside any request. */
export interface LinkEvents {
  onListChanged(kind: ListKind): void;
  onResourceUpdated(uri: string): void;
  onTaskChanged(taskId: string): void;
}

export type Connect = (events: LinkEvents, signal: AbortSignal) => Promise<ReadyLink>;

export interface LinkSettings<Transport> {
  readonly client: ClientInfo;
  readonly limits: UpstreamLimits;
  readonly transport: Transport;
  readonly era: 'auto' | 'legacy' | 'modern';
  /** Questions declared to legacy servers; callers of modern ones declare them with each request. */
  readonly serverRequests: readonly ServerRequestMethod[];
  /** For the operator: something of the server was left out. Holds names that the server gave, cleaned and cut. */
  readonly onWarning: (text: string) => void;
}
