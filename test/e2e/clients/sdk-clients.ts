import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import {
  ANSWER,
  type ConnectedClient,
  outcomeOf,
  type RealClient,
  type ToolAnswer,
  textsIn,
} from './real-client.js';

const ASKABLE = { capabilities: { elicitation: { form: {} } } };
const CLIENT = { name: 'real-client', version: '1.0.0' };
const ALL = ['progress', 'prompts', 'resources', 'completion', 'questions'] as const;

interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
}

/** What both SDKs have in common is nearly all. */
const connected = (client: ClientV1 | ClientV2): ConnectedClient => {
  const call = async (
    name: string,
    input: Record<string, unknown>,
    onprogress?: (progress: Progress) => void,
  ): Promise<ToolAnswer> => {
    const params = { name, arguments: input };
    const options = onprogress === undefined ? {} : { onprogress };
    const answer =
      client instanceof ClientV1
        ? await client.callTool(params, undefined, options)
        : await client.callTool(params, options);
    return { isError: answer['isError'], content: answer['content'] };
  };
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (tool, input) => outcomeOf(await call(tool, input)),
    callWithProgress: async (tool, input) => {
      const seen: string[] = [];
      await call(tool, input, ({ progress, total }) => seen.push(`${progress}/${total}`));
      return seen;
    },
    prompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    prompt: async (name, input) =>
      textsIn((await client.getPrompt({ name, arguments: input })).messages.map(({ content }) => content)),
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    resource: async (uri) => textsIn((await client.readResource({ uri })).contents),
    completions: async (prompt, argument, value) => {
      const ref = { type: 'ref/prompt', name: prompt } as const;
      return (await client.complete({ ref, argument: { name: argument, value } })).completion.values;
    },
    close: () => client.close(),
  };
};

/** A client of the SDK v1 over a transport that somebody else made. */
export const connectV1 = async (transport: Transport): Promise<ConnectedClient> => {
  const client = new ClientV1(CLIENT, ASKABLE);
  client.setRequestHandler(ElicitRequestSchema, () => ANSWER);
  await client.connect(transport);
  return connected(client);
};

const v2 = (name: string, revision: '2025-11-25' | '2026-07-28'): RealClient => ({
  name,
  package: '@modelcontextprotocol/client',
  revision,
  features: ALL,
  connect: async ({ url, token }) => {
    const mode = revision === '2026-07-28' ? { pin: revision } : ('legacy' as const);
    const client = new ClientV2(CLIENT, { ...ASKABLE, versionNegotiation: { mode } });
    client.setRequestHandler('elicitation/create', () => ANSWER);
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new TransportV2(new URL(url), { requestInit }));
    return connected(client);
  },
});

export const SDK_CLIENTS: readonly RealClient[] = [
  {
    name: 'SDK v1',
    package: '@modelcontextprotocol/sdk',
    revision: '2025-11-25',
    features: ALL,
    connect: ({ url, token }) => {
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      // The SDK's own type says sessionId is never undefined, which its own class does not keep.
      return connectV1(new TransportV1(new URL(url), { requestInit }) as Transport);
    },
  },
  v2('SDK v2, legacy', '2025-11-25'),
  v2('SDK v2, modern', '2026-07-28'),
];
