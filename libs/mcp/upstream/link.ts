import type { UpstreamLimits } from './limits.js';
import type { CallAnswer, ListKind, RequestOptions, UpstreamServer } from './upstream.types.js';
import type { ClientInfo } from './upstream-config.types.js';

/** One connection to an upstream. */
export interface Link {
  /** Fulfils with the reason once no new request can be sent here; never rejects. */
  readonly lost: Promise<string>;
  /** Sends one request, once. Throws what `Upstream.request` throws. */
  request(method: string, paramsBytes: Uint8Array, options: RequestOptions): Promise<CallAnswer>;
  /** False when the link is lost. Asked before a call, so that a forgotten session costs a ping and never a second call. */
  stillKnown(): Promise<boolean>;
  /** Frees everything; may be called twice, also after `lost`. */
  close(): Promise<void>;
}

/** A connection that may be used. */
export interface ReadyLink extends Link {
  readonly server: UpstreamServer;
  /** @throws CountersignError upstream_unavailable when the server declines. */
  watch(uri: string): Promise<void>;
  /** Never rejects. */
  unwatch(uri: string): Promise<void>;
}

/** What a server tells by itself, outside any request. */
export interface LinkEvents {
  onListChanged(kind: ListKind): void;
  onResourceUpdated(uri: string): void;
}

export type Connect = (events: LinkEvents, signal: AbortSignal) => Promise<ReadyLink>;

export interface LinkSettings<Transport> {
  readonly client: ClientInfo;
  readonly limits: UpstreamLimits;
  readonly transport: Transport;
}
