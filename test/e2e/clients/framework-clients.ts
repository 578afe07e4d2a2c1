import { ANSWER, outcomeOf, type RealClient, type ToolAnswer, textsIn } from './real-client.js';
import { importReal } from './real-programs.js';

type Input = Record<string, unknown>;

interface LangchainTool {
  readonly name: string;
  invoke(input: Input): Promise<unknown>;
}
interface Langchain {
  readonly MultiServerMCPClient: new (
    config: object,
  ) => {
    getTools(): Promise<readonly LangchainTool[]>;
    listResources(): Promise<Readonly<Record<string, readonly { readonly uri: string }[]>>>;
    readResource(server: string, uri: string): Promise<readonly unknown[]>;
    close(): Promise<void>;
  };
}

const langchain: RealClient = {
  name: 'LangChain',
  package: '@langchain/mcp-adapters',
  revision: '2025-11-25',
  features: ['progress', 'resources'],
  connect: async ({ url, token }) => {
    const { MultiServerMCPClient } = await importReal<Langchain>('@langchain/mcp-adapters');
    const seen: string[] = [];
    const client = new MultiServerMCPClient({
      mcpServers: { bank: { transport: 'http', url, headers: { Authorization: `Bearer ${token}` } } },
      onProgress: ({ progress, total }: { progress: number; total: number }) =>
        seen.push(`${progress}/${total}`),
    });
    const tools = await client.getTools();
    const invoke = async (name: string, input: Input): Promise<string> => {
      const tool = tools.find((one) => one.name === name);
      if (tool === undefined) throw new Error(`there is no tool ${name}`);
      const answer = await tool.invoke(input);
      return typeof answer === 'string' ? answer : JSON.stringify(answer);
    };
    return {
      tools: async () => tools.map(({ name }) => name),
      // A result that is an error is thrown.
      call: (name, input) =>
        invoke(name, input).then(
          (text) => ({ isError: false, text }),
          (error: Error) => ({ isError: true, text: error.message }),
        ),
      callWithProgress: async (name, input) => {
        seen.length = 0;
        await invoke(name, input);
        return [...seen];
      },
      resources: async () => ((await client.listResources())['bank'] ?? []).map(({ uri }) => uri),
      resource: async (uri) => textsIn(await client.readResource('bank', uri)),
      close: () => client.close(),
    };
  },
};

interface AiSdkTool {
  execute(input: Input, options: object): Promise<ToolAnswer>;
}
interface AiSdk {
  readonly ElicitationRequestSchema: unknown;
  createMCPClient(config: object): Promise<{
    onElicitationRequest(schema: unknown, handler: () => typeof ANSWER): void;
    tools(): Promise<Readonly<Record<string, AiSdkTool>>>;
    listPrompts(): Promise<{ readonly prompts: readonly { readonly name: string }[] }>;
    getPrompt(args: object): Promise<{ readonly messages: readonly { readonly content: unknown }[] }>;
    listResources(): Promise<{ readonly resources: readonly { readonly uri: string }[] }>;
    readResource(args: object): Promise<{ readonly contents: readonly unknown[] }>;
    complete(args: object): Promise<{ readonly completion: { readonly values: readonly string[] } }>;
    close(): Promise<void>;
  }>;
}

const aiSdk: RealClient = {
  name: 'AI SDK',
  package: '@ai-sdk/mcp',
  revision: '2026-07-28',
  features: ['prompts', 'resources', 'completion', 'questions'],
  connect: async ({ url, token }) => {
    const { createMCPClient, ElicitationRequestSchema } = await importReal<AiSdk>('@ai-sdk/mcp');
    const client = await createMCPClient({
      transport: { type: 'http', url, headers: { Authorization: `Bearer ${token}` } },
      capabilities: { elicitation: {} },
    });
    client.onElicitationRequest(ElicitationRequestSchema, () => ANSWER);
    const tools = await client.tools();
    return {
      tools: async () => Object.keys(tools),
      call: async (name, input) => {
        const tool = tools[name];
        if (tool === undefined) throw new Error(`there is no tool ${name}`);
        return outcomeOf(await tool.execute(input, { toolCallId: 'call-1', messages: [] }));
      },
      prompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
      prompt: async (name, input) =>
        textsIn((await client.getPrompt({ name, arguments: input })).messages.map(({ content }) => content)),
      resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
      resource: async (uri) => textsIn((await client.readResource({ uri })).contents),
      completions: async (prompt, argument, value) => {
        const ref = { type: 'ref/prompt', name: prompt };
        return (await client.complete({ ref, argument: { name: argument, value } })).completion.values;
      },
      close: () => client.close(),
    };
  },
};

interface OpenAiAgents {
  setTracingDisabled(isDisabled: boolean): void;
  readonly MCPServerStreamableHttp: new (
    options: object,
  ) => {
    connect(): Promise<void>;
    listTools(): Promise<readonly { readonly name: string }[]>;
    callToolResult(name: string, input: Input): Promise<ToolAnswer>;
    listResources(): Promise<{ readonly resources: readonly { readonly uri: string }[] }>;
    readResource(uri: string): Promise<{ readonly contents: readonly unknown[] }>;
    close(): Promise<void>;
  };
}

const openAiAgents: RealClient = {
  name: 'OpenAI Agents',
  package: '@openai/agents',
  revision: '2026-07-28',
  features: ['resources'],
  connect: async ({ url, token }) => {
    const { MCPServerStreamableHttp, setTracingDisabled } = await importReal<OpenAiAgents>('@openai/agents');
    // Traces would leave this machine.
    setTracingDisabled(true);
    const server = new MCPServerStreamableHttp({
      name: 'bank',
      url,
      requestInit: { headers: { Authorization: `Bearer ${token}` } },
    });
    await server.connect();
    return {
      tools: async () => (await server.listTools()).map(({ name }) => name),
      call: async (name, input) => outcomeOf(await server.callToolResult(name, input)),
      resources: async () => (await server.listResources()).resources.map(({ uri }) => uri),
      resource: async (uri) => textsIn((await server.readResource(uri)).contents),
      close: () => server.close(),
    };
  },
};

export const FRAMEWORK_CLIENTS: readonly RealClient[] = [langchain, aiSdk, openAiAgents];
