import type { IncomingHttpHeaders } from 'node:http';
import { invalidParams, isMembers, type Members, RpcError } from './conversation.js';
import type { Tool } from './item.js';

export const MODERN = '2026-07-28';
const META = 'io.modelcontextprotocol';
export const TASKS = `${META}/tasks`;
export const SUBSCRIPTION_ID = `${META}/subscriptionId`;
export const SERVER_INFO = `${META}/serverInfo`;

/** What every request of the modern era says about itself. */
export interface Envelope {
  readonly capabilities: Members;
  readonly progressToken: string | number | undefined;
  /** No log messages without it. */
  readonly logLevel: string | undefined;
}

/** Where the value that Mcp-Name repeats stands in the body. */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

const mismatch = (header: string): RpcError =>
  new RpcError(-32020, `The header ${header} does not match the body`, undefined, 400);

const metaOf = ({ _meta: meta }: Members): Members => {
  if (!isMembers(meta)) throw new RpcError(-32602, '_meta is missing', undefined, 400);
  for (const key of ['protocolVersion', 'clientCapabilities'])
    if (meta[`${META}/${key}`] === undefined)
      throw new RpcError(-32602, `_meta lacks ${META}/${key}`, undefined, 400);
  return meta;
};

/** @throws RpcError -32602, -32020 or -32022, each with status 400 */
export const readEnvelope = (headers: IncomingHttpHeaders, method: string, params: Members): Envelope => {
  const meta = metaOf(params);
  const requested = meta[`${META}/protocolVersion`];
  if (headers['mcp-protocol-version'] !== requested) throw mismatch('MCP-Protocol-Version');
  if (requested !== MODERN)
    throw new RpcError(-32022, 'This revision is not supported', { supported: [MODERN], requested }, 400);
  if (headers['mcp-method'] !== method) throw mismatch('Mcp-Method');
  const named = NAMED[method];
  if (named !== undefined && decoded(headers['mcp-name']) !== params[named]) throw mismatch('Mcp-Name');
  const capabilities = meta[`${META}/clientCapabilities`];
  if (!isMembers(capabilities)) throw invalidParams('clientCapabilities is not an object');
  const { progressToken } = meta;
  const logLevel = meta[`${META}/logLevel`];
  return {
    capabilities,
    progressToken:
      typeof progressToken === 'string' || typeof progressToken === 'number' ? progressToken : undefined,
    logLevel: typeof logLevel === 'string' ? logLevel : undefined,
  };
};

/** SEP-2243: a value between =?base64? and ?= is Base64 of UTF-8, anything else is meant literally. */
const decoded = (header: string | readonly string[] | undefined): string | undefined => {
  if (typeof header !== 'string') return undefined;
  const wrapped = /^=\?base64\?(.*)\?=$/.exec(header)?.[1];
  if (wrapped === undefined) return header;
  const bytes = Buffer.from(wrapped, 'base64');
  return bytes.toString('base64') === wrapped ? bytes.toString() : undefined;
};

/** Arguments marked with x-mcp-header must stand in their header as well. @throws RpcError -32020 */
export const checkParameterHeaders = (headers: IncomingHttpHeaders, tool: Tool, input: Members): void => {
  const { properties } = tool.definition['inputSchema'] as { properties?: Readonly<Record<string, Members>> };
  for (const [name, schema] of Object.entries(properties ?? {})) {
    const suffix = schema['x-mcp-header'];
    if (typeof suffix !== 'string') continue;
    const expected = input[name] === undefined ? undefined : String(input[name]);
    if (decoded(headers[`mcp-param-${suffix.toLowerCase()}`]) !== expected)
      throw mismatch(`Mcp-Param-${suffix}`);
  }
};
