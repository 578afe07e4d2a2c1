import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { UpstreamLimits } from './limits.js';
import type { CallAnswer, CallOptions } from './upstream.types.js';

/** One initialised connection to an upstream. */
export interface Link {
  /** Fulfils with the reason once no new request can be sent here; never rejects. */
  readonly lost: Promise<string>;
  /** Sends one request, once. Throws what `Upstream.callTool` throws. */
  request(method: string, paramsBytes: Uint8Array, options: CallOptions): Promise<CallAnswer>;
  /** False when the link is lost. Asked before a call, so that a forgotten session costs a ping and never a second call. */
  stillKnown(): Promise<boolean>;
  /** Frees everything; may be called twice, also after `lost`. */
  close(): Promise<void>;
}

export type Connect = (onNotification: NotificationListener, signal: AbortSignal) => Promise<Link>;

export type NotificationListener = (method: string, params: JsonObject) => void;

export interface LinkSettings<Transport> {
  readonly client: { readonly name: string; readonly version: string };
  readonly limits: UpstreamLimits;
  readonly transport: Transport;
}
