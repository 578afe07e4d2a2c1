import type { IncomingHttpHeaders } from 'node:http';
import { CountersignError } from '#core/errors.js';
import type { Json } from '#core/evidence/canonical-json.js';
import type { RequestFrame } from '#mcp/frame.js';
import { decodeHeaderValue, mirroredParams } from '#mcp/param-headers.js';
import type { CallRequest } from '../../call/call.js';
import { paramHeaders } from '../../call/param-headers-of.js';
import type { CatalogEntry } from '../../catalog/catalog.types.js';
import type { McpRequest } from '../mcp-request.js';

/**
 * Headers that mirror the body must say what the body says (MCP 2026-07-28 basic/transports, server validation): somebody
 * before us may have decided by them. `Mcp-Name` mirrors the name, URI or task id.
 * @throws CountersignError header_mismatch
 */
export const checkMirror = (headers: IncomingHttpHeaders, { method, params }: RequestFrame): void => {
  if (headers['mcp-method'] !== method) throw new CountersignError('header_mismatch', 'Mcp-Method');
  const name = nameIn(method, params);
  if (name === undefined) return;
  const given = headers['mcp-name'];
  const decoded = typeof given === 'string' ? decodeHeaderValue(given) : undefined;
  if (decoded === undefined || decoded !== name) throw new CountersignError('header_mismatch', 'Mcp-Name');
};

const nameIn = (method: string, params: RequestFrame['params']): Json | undefined => {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return params['name'] ?? null;
    case 'resources/read':
      return params['uri'] ?? null;
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return params['taskId'] ?? null;
    default:
      return undefined;
  }
};

/**
 * The same for `Mcp-Param-...`: exactly those that the tool's input schema asks for, with the values of the arguments.
 * Headers that the schema does not know say nothing and are not passed on.
 * @throws CountersignError header_mismatch
 */
export const checkParamHeaders = (
  { post }: McpRequest,
  { target }: CallRequest,
  tool: CatalogEntry | undefined,
): void => {
  if (tool === undefined) return;
  const schema = tool.json['inputSchema'];
  const expected = new Map(
    Object.entries(paramHeaders(schema, target.args)).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const known = new Set([
    ...expected.keys(),
    ...mirroredParams(schema).map(({ header }) => header.toLowerCase()),
  ]);
  for (const name of known) {
    const value = expected.get(name);
    const given = post.request.headers[name];
    if (!sameValue(value, given)) throw new CountersignError('header_mismatch', name);
  }
};

const sameValue = (expected: string | undefined, given: string | string[] | undefined): boolean => {
  if (expected === undefined || typeof given !== 'string') return expected === given;
  const [wanted, said] = [decodeHeaderValue(expected), decodeHeaderValue(given)];
  if (wanted === undefined || said === undefined) return false;
  // Integers are compared as numbers: 42.0 is 42.
  return wanted === said || (NUMBER.test(wanted) && NUMBER.test(said) && Number(wanted) === Number(said));
};

const NUMBER = /^-?\d{1,16}(?:\.0{1,16})?$/;
