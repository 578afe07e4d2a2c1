import type { UpstreamLimits } from './limits.js';

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
  /** What the upstream is told about us. */
  readonly client: ClientInfo;
  readonly limits?: Partial<UpstreamLimits>;
}

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}
