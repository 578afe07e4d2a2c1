import type { GovernedMethod } from '#core/call/target.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { offersTasks, taskSupport } from '#mcp/tasks.js';
import type { CallRequest } from '../../call/call.js';
import type { CatalogEntry } from '../../catalog/catalog.types.js';
import type { Gateway } from '../../gateway.js';
import type { Client } from '../client.js';
import { TASK_MS } from '../handles.js';

type Placed = Pick<CallRequest, 'server' | 'method' | 'params'>;
interface AsTask extends Pick<CallRequest, 'params' | 'taskFor'> {
  /** The definition of the tool, where it was looked at: always for a modern client. */
  readonly tool: CatalogEntry | undefined;
}

/**
 * Whether a tool call asks its server for a task. In 2025-11-25 the client asks, call by call, for tools that allow it; in
 * 2026-07-28 a client that declares the extension leaves it to the server. A legacy server is asked on behalf of a modern
 * client, and, for a tool that runs as a task only, on behalf of a client that cannot follow one: the gateway then waits.
 */
export const asTask = async (gateway: Gateway, client: Client, call: Placed): Promise<AsTask> => {
  const { params } = call;
  if (!canBeTask(call.method)) return { params, tool: undefined };
  const { task, ...plain } = params;
  const { upstream } = gateway.catalog.server(call.server);
  const wanted = client.revision === '2025-11-25' && isJsonObject(task);
  const known = upstream.server();
  const isAsked = known === undefined ? wanted : known.era === 'legacy' && offersTasks(known);
  const tool = client.era === 'modern' || isAsked ? await find(gateway, call) : undefined;
  // What was never reached may be known now.
  const server = upstream.server();
  const offers = server !== undefined && offersTasks(server);
  if (server?.era === 'modern') {
    if (client.era === 'modern') return { params, tool };
    return wanted && offers ? { params: plain, taskFor: 'client', tool } : { params: plain, tool };
  }
  if (!offers) return { params: client.era === 'modern' ? plain : params, tool };
  if (wanted) return { params, taskFor: 'client', tool };
  const support = taskSupport(tool?.json);
  const asked = { ...plain, task: { ttl: TASK_MS } };
  if (client.era === 'modern' && client.capabilities.has('tasks') && support !== 'forbidden')
    return { params: asked, taskFor: 'client', tool };
  return support === 'required' ? { params: asked, taskFor: 'gateway', tool } : { params: plain, tool };
};

const canBeTask = (method: GovernedMethod): boolean => method === 'tools/call';

/** What the catalog cannot tell now is found out, and refused on record, when the call is resolved. */
const find = async (
  gateway: Gateway,
  { server, params: { name } }: Placed,
): Promise<CatalogEntry | undefined> => {
  const found = await gateway.catalog.lookup(server, 'tools', String(name)).catch(() => undefined);
  return found !== undefined && 'entry' in found ? found.entry : undefined;
};
