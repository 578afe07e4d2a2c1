import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { ClientTask } from './client-control.js';

/** What an agent does in front of the gateway so that the scenario sees all it looks for. */
type Drive = (agent: Client, task: ClientTask) => Promise<void>;

const callAll =
  (input: (name: string) => Record<string, unknown> = () => ({})): Drive =>
  async (agent) => {
    for (const { name } of (await agent.listTools()).tools)
      await agent.callTool({ name, arguments: input(name) }).catch(ignored);
  };

/** A refusal may be what the scenario waits for; what it saw decides. */
const ignored = (): undefined => undefined;

const call =
  (...names: readonly string[]): Drive =>
  async (agent) => {
    await agent.listTools();
    for (const name of names) {
      const { _meta: meta } = await agent.callTool({ name, arguments: {} });
      const refusal = meta?.['countersign/refusal'];
      if (refusal !== undefined) throw new Error(`${name}: ${JSON.stringify(refusal)}`);
    }
  };

const DRIVES: Readonly<Record<string, Drive>> = {
  initialize: async (agent) => void (await agent.listTools()),
  'request-metadata': async (agent) => void (await agent.listTools()),
  'json-schema-ref-no-deref': async (agent) => void (await agent.listTools()),
  tools_call: async (agent) => {
    await agent.listTools();
    await agent.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } });
  },
  'elicitation-sep1034-client-defaults': call('test_client_elicitation_defaults'),
  // The suite's identity provider knows the gateway's own subject token only, not that of a caller.
  'auth/enterprise-managed-authorization': async (agent) => void (await agent.listTools()),
  'sse-retry': call('test_reconnection'),
  'sep-2322-client-request-state': call(
    'test_mrtr_echo_state',
    'test_mrtr_no_state',
    'test_mrtr_unrelated',
    'test_mrtr_no_result_type',
  ),
  'http-standard-headers': async (agent) => {
    const [tool] = (await agent.listTools()).tools;
    if (tool !== undefined) await agent.callTool({ name: tool.name, arguments: {} });
    const [resource] = (await agent.listResources()).resources;
    if (resource !== undefined) await agent.readResource({ uri: resource.uri });
    const [prompt] = (await agent.listPrompts()).prompts;
    if (prompt !== undefined) await agent.getPrompt({ name: prompt.name, arguments: {} });
  },
  'http-custom-headers': async (agent, { context }) => {
    await agent.listTools();
    const calls = context['toolCalls'] as { name: string; arguments: Record<string, unknown> }[];
    for (const one of calls) await agent.callTool(one);
  },
  'http-invalid-tool-headers': callAll(() => ({ region: 'us-west1' })),
  'json-schema-2020-12-preservation': async (agent) => {
    const { tools } = await agent.listTools();
    const schema = tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema;
    await agent.callTool({ name: 'json_schema_echo', arguments: { schema } });
  },
};

/** The gateway has not yet learnt what the scenario's server offers. */
export class NotListedError extends Error {}

/**
 * Drives the gateway at this endpoint as an agent of the task's era.
 * @throws NotListedError when there is no list of tools, else what the agent was refused with
 */
export const drive = async (endpoint: string, task: ClientTask): Promise<void> => {
  const isModern = task.revision === '2026-07-28';
  const agent = new Client(
    { name: 'conformance-agent', version: '1.0.0' },
    {
      capabilities: {
        elicitation: { form: { applyDefaults: true } },
        sampling: {},
        roots: { listChanged: true },
      },
      ...(isModern ? { versionNegotiation: { mode: 'auto' as const } } : {}),
    },
  );
  // Nothing but the defaults, unless the form has none.
  const content: Record<string, boolean> = isModern ? { confirmed: true } : {};
  agent.setRequestHandler('elicitation/create', () => ({ action: 'accept' as const, content }));
  agent.setRequestHandler('roots/list', () => ({ roots: [] }));
  try {
    await agent.connect(new StreamableHTTPClientTransport(new URL(endpoint)));
    await agent.listTools().catch((error) => {
      throw new NotListedError(String(error));
    });
    await (DRIVES[task.scenario] ?? call('test-tool'))(agent, task);
  } finally {
    await agent.close();
  }
};
