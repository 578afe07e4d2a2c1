import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly _meta?: {
    readonly 'countersign/refusal'?: { readonly code: string; readonly approvalId?: string };
  };
}

export interface CallOptions {
  readonly onProgress?: (progress: { readonly progress: number; readonly message?: string }) => void;
  readonly signal?: AbortSignal;
}

/** What the tests need of a client, whichever SDK it is made of. */
export interface Agent {
  tools(): Promise<readonly string[]>;
  call(name: string, input: Record<string, unknown>, options?: CallOptions): Promise<ToolResult>;
  /** Every byte that came over the wire so far, as text. */
  received(): string;
  close(): Promise<void>;
}

export interface Connection {
  readonly url: string;
  readonly token: string;
}

const CLIENT = { name: 'e2e-agent', version: '1.0.0' };
const TIMEOUT_MS = 60_000;

/** A fetch that writes down what it receives while it passes it on. */
const recordingFetch = () => {
  let received = '';
  const decoder = new TextDecoder();
  const record = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const response = await fetch(url, init);
    const { status, statusText, headers } = response;
    received += `${JSON.stringify([...headers])}\n`;
    if (response.body === null) return response;
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        received += decoder.decode(chunk, { stream: true });
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(tap), { status, statusText, headers });
  };
  return { record, received: () => received };
};

const optionsOf = ({ onProgress, signal }: CallOptions = {}) => ({
  timeout: TIMEOUT_MS,
  resetTimeoutOnProgress: true,
  ...(onProgress === undefined ? {} : { onprogress: onProgress }),
  ...(signal === undefined ? {} : { signal }),
});

const connectV1 = async ({ url, token }: Connection): Promise<Agent> => {
  const { record, received } = recordingFetch();
  const client = new ClientV1(CLIENT);
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  // The SDK's own type says sessionId is never undefined, which its own class does not keep.
  await client.connect(
    new TransportV1(new URL(url), { requestInit, fetch: record }) as Parameters<ClientV1['connect']>[0],
  );
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, input, options) =>
      (await client.callTool({ name, arguments: input }, undefined, optionsOf(options))) as ToolResult,
    received,
    close: () => client.close(),
  };
};

const connectV2 = async ({ url, token }: Connection): Promise<Agent> => {
  const { record, received } = recordingFetch();
  const client = new ClientV2(CLIENT);
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new TransportV2(new URL(url), { requestInit, fetch: record }));
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, input, options) =>
      (await client.callTool({ name, arguments: input }, optionsOf(options))) as ToolResult,
    received,
    close: () => client.close(),
  };
};

export type Sdk = 'SDK v1' | 'SDK v2';
export const SDKS: readonly Sdk[] = ['SDK v1', 'SDK v2'];

export const connectAgent = (sdk: Sdk, connection: Connection): Promise<Agent> =>
  sdk === 'SDK v1' ? connectV1(connection) : connectV2(connection);

/** Text of a result, and the stable code of a refusal in it. */
export const textOf = ({ content }: ToolResult): string => content.map(({ text }) => text ?? '').join('\n');
export const refusalOf = ({ _meta }: ToolResult): string | undefined => _meta?.['countersign/refusal']?.code;
