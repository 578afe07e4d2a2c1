/** A server of the era of 2026-07-28 on the SDK of the protocol's authors: in process over HTTP, as a program over stdio. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const NOTE = 'memo://note';
const OVER_STDIO = process.argv[2] === 'stdio';
/** What has happened to the server in this process. */
export const seen = { cancelled: 0 };
let extra = false;
let tellTools = (): void => {};
let tellNote = (): void => {};

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

const build = (): McpServer => {
  const server = new McpServer(
    { name: 'modern', version: '1' },
    {
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, prompts: {} },
      instructions: 'be kind',
    },
  );
  server.registerTool('echo', { inputSchema: z.object({ message: z.string() }) }, ({ message }) =>
    text(message),
  );
  server.registerTool(
    'regional',
    { inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }) },
    ({ region }) => text(region),
  );
  server.registerTool('ask', {}, (context) => {
    const answers = context.mcpReq.inputResponses;
    if (answers) return text(JSON.stringify(answers));
    const schema = { type: 'object' as const, properties: { ok: { type: 'boolean' as const } } };
    return inputRequired({
      inputRequests: { q: inputRequired.elicit({ message: 'sure?', requestedSchema: schema }) },
    });
  });
  const later = server.registerTool('later', {}, () => text('later'));
  if (!extra) later.disable();
  server.registerTool('change', {}, () => {
    extra = !extra;
    later.update({ enabled: extra });
    tellTools();
    return text('changed');
  });
  server.registerTool('write-note', {}, async () => {
    // One connection for everything: what it tells is sorted into its listen streams.
    if (OVER_STDIO) await server.server.sendResourceUpdated({ uri: NOTE });
    else tellNote();
    return text('written');
  });
  server.registerTool('hang', {}, async ({ mcpReq }) => {
    await new Promise<void>((resolve) => mcpReq.signal.addEventListener('abort', () => resolve()));
    seen.cancelled++;
    return text('cancelled');
  });
  server.registerResource('note', NOTE, {}, () => ({ contents: [{ uri: NOTE, text: 'n' }] }));
  server.registerPrompt('greet', {}, () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }],
  }));
  return server;
};

export const serveModern = async (): Promise<{ url: string; close(): Promise<void> }> => {
  const handler = createMcpHandler(build);
  tellTools = () => handler.notify.toolsChanged();
  tellNote = () => handler.notify.resourceUpdated(NOTE);
  const listener = toNodeHandler(handler);
  const server = createServer(
    { keepAliveTimeout: 72_000 },
    (request, response) => void listener(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

if (OVER_STDIO) void serveStdio(build);
