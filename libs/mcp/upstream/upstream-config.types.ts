import type { buildConnector } from 'undici';
import type { ServerRequestMethod } from './client-capabilities.js';
import type { UpstreamLimits } from './limits.js';
import type { UpstreamAuth } from './upstream-auth.types.js';

export interface HttpTransport {
  /** http: Streamable HTTP, or HTTP+SSE when the server turns out to have nothing else; sse: HTTP+SSE (2024-11-05). */
  readonly kind: 'http' | 'sse';
  /** Address of the MCP endpoint; for sse of the event stream. */
  readonly url: string;
  /** Sent with each request, for example a credential of the gateway's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Credentials that change, or differ by caller. */
  readonly auth?: UpstreamAuth;
  /** Makes the connections, and may refuse addresses. */
  readonly connector?: buildConnector.connector;
}

export interface StdioTransport {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment of the child: nothing of the gateway's own is handed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * A line the child wrote to stderr, or to stdout outside the protocol: without control characters and what looks like
   * a secret or a person, cut to 4,096 characters, as many a second as `log-lines.ts` lets through.
   */
  readonly onLog?: (line: string) => void;
}

export interface UpstreamConfig {
  readonly name: string;
  readonly transport: HttpTransport | StdioTransport;
  /** What the upstream is told about us. */
  readonly client: ClientInfo;
  readonly limits?: Partial<UpstreamLimits>;
  /** auto (the default): asked at each connection; legacy and modern: never anything else. */
  readonly era?: 'auto' | 'legacy' | 'modern';
  /** Questions a legacy server may put to the clients behind us; none when left out. */
  readonly serverRequests?: readonly ServerRequestMethod[];
  /** For the operator: something the server offers was left out. */
  readonly onWarning?: (text: string) => void;
}

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}
