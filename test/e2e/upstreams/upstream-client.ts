import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Settings } from '../support/standalone.js';
import type { System } from '../support/system.js';

/** A client of the SDK v2 at the endpoint of one server. */
export const openClient = async (
  { urls, issuer }: System,
  server: string,
  user = 'data-engineer',
  options: ClientOptions = {},
): Promise<Client> => {
  const client = new Client(
    { name: 'upstream-tests', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } }, ...options },
  );
  const requestInit = { headers: { authorization: `Bearer ${await issuer.token(user)}` } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${urls.ingress}/mcp/${server}`), { requestInit }),
  );
  return client;
};

export interface Called {
  readonly isError: boolean;
  readonly text: string;
}

/** Text of all parts of a result, in one. An error of the protocol is an error of the call. */
export const call = async (client: Client, name: string, input: Record<string, unknown>): Promise<Called> => {
  try {
    const { isError, content, structuredContent } = await client.callTool({ name, arguments: input });
    const parts = content.map((part) => ('text' in part ? part.text : JSON.stringify(part)));
    return {
      isError: isError === true,
      text: [...parts, JSON.stringify(structuredContent ?? '')].join('\n'),
    };
  } catch (error) {
    return { isError: true, text: String(error) };
  }
};

/** What a server speaks with a client that offers every revision, asked without the gateway. */
export const revisionOf = async ({ url, args, env }: Settings): Promise<string | undefined> => {
  const client = new Client(
    { name: 'upstream-tests', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const transport =
    typeof url === 'string'
      ? new StreamableHTTPClientTransport(new URL(url))
      : new StdioClientTransport({
          command: process.execPath,
          args: args as string[],
          env: (env ?? {}) as Record<string, string>,
          stderr: 'ignore',
        });
  await client.connect(transport);
  const revision = client.getNegotiatedProtocolVersion();
  await client.close();
  return revision;
};
