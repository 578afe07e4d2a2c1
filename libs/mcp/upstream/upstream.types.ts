import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { UpstreamCaller } from './upstream-auth.types.js';

/** legacy: revisions that begin with `initialize`; modern: 2026-07-28, where each request stands alone. */
export type UpstreamEra = 'legacy' | 'modern';

/** What a server said about itself when it was last connected. All of it is unverified text. */
export interface UpstreamServer {
  readonly era: UpstreamEra;
  readonly revision: string;
  readonly capabilities: JsonObject;
  readonly info: JsonObject | null;
  readonly instructions: string | null;
}

export const LIST_KINDS = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const;
export type ListKind = (typeof LIST_KINDS)[number];

export interface ListedItem {
  /** Name of the tool or prompt, URI of the resource, URI template. */
  readonly name: string;
  readonly json: JsonObject;
  /** The item exactly as the server wrote it. */
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
  /** Text of the upstream: to be masked before anybody sees it. */
  readonly message?: string;
}

/** A question of the server to the client behind a request: elicitation/create, sampling/createMessage, roots/list. */
export interface ServerRequest {
  readonly method: string;
  readonly params: JsonObject;
  readonly paramsBytes: Uint8Array;
  /** Aborts when the answer is no longer wanted: the server withdrew the question, or the request is over. */
  readonly signal: AbortSignal;
}

export interface RequestOptions {
  /** Milliseconds from now until nobody waits any more; stands still while a question of the server is open. */
  readonly deadline_ms: number;
  readonly signal: AbortSignal;
  readonly resultBytesMax: number;
  /** The token inside `_meta` of the params bytes; unique among the requests under way. */
  readonly progressToken?: string;
  /** Must not throw. Called only for `progressToken`. */
  readonly onProgress?: (progress: Progress) => void;
  /** The era the params bytes were written for; a connection of the other era: upstream_unavailable, nothing is sent. */
  readonly era?: UpstreamEra;
  /** `Mcp-Param-...`; sent over HTTP in the modern era, else left out. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers a question that belongs to this request. Without it such questions are refused. */
  readonly onServerRequest?: (request: ServerRequest) => Promise<CallAnswer>;
  /** Other notifications that belong to this request, for example notifications/message. Must not throw. */
  readonly onNotification?: (method: string, params: JsonObject) => void;
  readonly caller?: UpstreamCaller;
  /** The task whose questions belong to this request, wherever the server asks them. */
  readonly taskId?: string;
}

export interface CallAnswer {
  readonly kind: 'result' | 'error';
  /** The object behind `result` or `error`, byte for byte. */
  readonly bytes: Uint8Array;
}

/** One MCP server, whatever its era and transport. */
export interface Upstream {
  readonly name: string;
  state(): UpstreamState;
  /** Undefined until a connection was made once; afterwards what the last connection found. */
  server(): UpstreamServer | undefined;
  /**
   * All pages of a list; empty when the server does not declare the capability.
   * @throws CountersignError upstream_unavailable; upstream_invalid when the list is not one (same name twice, an item
   * without name, endless pages).
   */
  list(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /**
   * Called when a list has changed, and for each kind each time a connection becomes ready or a missing credential has
   * come. Must not throw.
   */
  onListChanged(listener: (kind: ListKind) => void): void;
  /** Called for resources that are watched. Must not throw. */
  onResourceUpdated(listener: (uri: string) => void): void;
  /**
   * Asks to be told of changes of a resource; kept over reconnections until `unwatch`.
   * @throws CountersignError upstream_unavailable when there is no connection or the server declines; not kept then.
   */
  watch(uri: string): Promise<void>;
  /** Never rejects: what the server does not hear now, it does not hear again after the next connection. */
  unwatch(uri: string): Promise<void>;
  /** Called for tasks that are watched. Must not throw. */
  onTaskChanged(listener: (taskId: string) => void): void;
  /** From now on what the server tells of this task is passed on; kept over reconnections. It need not tell anything. */
  watchTask(taskId: string): void;
  unwatchTask(taskId: string): void;
  /**
   * Sends one request with exactly these params bytes, at most once.
   * @throws CountersignError upstream_unavailable: known not to have been carried out; call_cancelled: aborted before
   * a byte was sent; result_too_large: it answered with more than `resultBytesMax`.
   * @throws UpstreamOutcomeUnknown: it may have been carried out. After a time-out or an abort the upstream has been
   * told.
   */
  request(method: string, paramsBytes: Uint8Array, options: RequestOptions): Promise<CallAnswer>;
  /** Ends the connection or the child process. Requests under way fail with UpstreamOutcomeUnknown. */
  close(): Promise<void>;
}
