import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { UpstreamLimits } from './limits.js';

export interface UpstreamTool {
  readonly name: string;
  readonly json: JsonObject;
  /** The tool exactly as the server wrote it. */
  readonly bytes: Uint8Array;
}

export interface UpstreamState {
  readonly kind: 'ready' | 'connecting' | 'down';
  /** Why it is not ready; never text that the upstream wrote. */
  readonly reason?: string;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number;
}

export interface CallOptions {
  /** Milliseconds from now until nobody waits any more. */
  readonly deadline_ms: number;
  readonly signal: AbortSignal;
  /** Must not throw. Called only for `progressToken`. */
  readonly onProgress?: (progress: Progress) => void;
  /** The token inside `_meta` of the params bytes; unique among the calls under way. */
  readonly progressToken?: string;
  readonly resultBytesMax: number;
}

export interface CallAnswer {
  readonly kind: 'result' | 'error';
  /** The object behind `result` or `error`, byte for byte. */
  readonly bytes: Uint8Array;
}

export interface Upstream {
  readonly name: string;
  state(): UpstreamState;
  /**
   * All pages of tools/list.
   * @throws CountersignError upstream_unavailable; upstream_invalid when the list is not one (same name twice, a tool
   * without name, endless pages).
   */
  listTools(signal: AbortSignal): Promise<readonly UpstreamTool[]>;
  /** Called on notifications/tools/list_changed and each time a connection becomes ready. Must not throw. */
  onToolsChanged(listener: () => void): void;
  /**
   * Sends tools/call with exactly these params bytes, at most once.
   * @throws CountersignError upstream_unavailable: known not to have been carried out; call_cancelled: aborted before
   * a byte was sent; result_too_large: it answered with more than `resultBytesMax`.
   * @throws UpstreamOutcomeUnknown: it may have been carried out. After a time-out or an abort the upstream has been
   * sent notifications/cancelled.
   */
  callTool(paramsBytes: Uint8Array, options: CallOptions): Promise<CallAnswer>;
  /** Ends the connection or the child process. Calls under way fail with UpstreamOutcomeUnknown. */
  close(): Promise<void>;
}

export interface HttpTransport {
  readonly kind: 'http';
  /** Address of the MCP endpoint (Streamable HTTP). */
  readonly url: string;
  /** Sent with each request, for example a credential of the gateway's own. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StdioTransport {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment of the child: nothing of the gateway's own is handed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A line the child wrote to stderr, or to stdout outside the protocol. Cut to 4,096 characters, no control characters. */
  readonly onLog?: (line: string) => void;
}

export interface UpstreamConfig {
  readonly name: string;
  readonly transport: HttpTransport | StdioTransport;
  /** What `initialize` tells the upstream about us. */
  readonly client: { readonly name: string; readonly version: string };
  readonly limits?: Partial<UpstreamLimits>;
}
