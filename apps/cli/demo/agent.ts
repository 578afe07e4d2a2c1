import { InputError } from '../command.js';

/** Just what the story needs of the SDK; the package is for development and may be missing. */
export interface Agent {
  tools(): Promise<readonly string[]>;
  /** The result exactly as it came. A held call waits here. */
  call(tool: string, input: { readonly [name: string]: unknown }): Promise<ToolAnswer>;
  close(): Promise<void>;
}

export interface ToolAnswer {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: { readonly [name: string]: unknown };
  readonly isError?: boolean;
  readonly _meta?: { readonly [name: string]: unknown };
}

const CALL_MS_MAX = 60_000;

const loadSdk = async () => {
  try {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { StreamableHTTPClientTransport } = await import(
      '@modelcontextprotocol/sdk/client/streamableHttp.js'
    );
    return { Client, StreamableHTTPClientTransport };
  } catch {
    throw new InputError(
      'the demo plays with a real MCP client, which is a development package. Install it with "npm ci --include=dev".',
    );
  }
};

/** An MCP client of the official SDK over Streamable HTTP, named as the agent it plays. @throws InputError without the SDK */
export const connectAgent = async (name: string, endpoint: string, token: string): Promise<Agent> => {
  const { Client, StreamableHTTPClientTransport } = await loadSdk();
  const client = new Client({ name, version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(endpoint), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (tool, input) => {
      const options = { timeout: CALL_MS_MAX, resetTimeoutOnProgress: true, onprogress: () => undefined };
      return (await client.callTool(
        { name: tool, arguments: { ...input } },
        undefined,
        options,
      )) as unknown as ToolAnswer;
    },
    close: () => client.close(),
  };
};
