import type { GovernedMethod } from '#core/call/target.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import { offersTasks, taskSupport } from '#mcp/tasks.js';
import type { CallRequest } from '../../call/call.js';
import type { Gateway } from '../../gateway.js';
import type { Client } from '../client.js';
import { TASK_MS } from '../handles.js';

type Placed = Pick<CallRequest, 'server' | 'method' | 'params'>;
type AsTask = Pick<CallRequest, 'params' | 'taskFor'>;

/**
 * Whether a tool call asks its server for a task. In 2025-11-25 the client asks, call by call, for tools that allow it; in
 * 2026-07-28 a client that declares the extension leaves it to the server. A legacy server is asked on behalf of a modern
 * client, and, for a tool that runs as a task only, on behalf of a client that cannot follow one: the gateway then waits.
 */
export const asTask = async (gateway: Gateway, client: Client, call: Placed): Promise<AsTask> => {
  const { params } = call;
  if (!canBeTask(call.method)) return { params };
  const { task, ...plain } = params;
  const about = gateway.catalog.server(call.server).upstream.server();
  const wanted = client.revision === '2025-11-25' && isJsonObject(task);
  if (about?.era === 'modern') {
    if (client.era === 'modern') return { params };
    return wanted && offersTasks(about) ? { params: plain, taskFor: 'client' } : { params: plain };
  }
  if (about === undefined || !offersTasks(about)) return { params: client.era === 'modern' ? plain : params };
  if (wanted) return { params, taskFor: 'client' };
  const support = await supportOf(gateway, call);
  const asked = { ...plain, task: { ttl: TASK_MS } };
  if (client.era === 'modern' && client.capabilities.has('tasks') && support !== 'forbidden')
    return { params: asked, taskFor: 'client' };
  return support === 'required' ? { params: asked, taskFor: 'gateway' } : { params: plain };
};

const canBeTask = (method: GovernedMethod): boolean => method === 'tools/call';

/** What the catalog cannot tell now is found out, and refused on record, when the call is resolved. */
const supportOf = async (gateway: Gateway, { server, params: { name } }: Placed) => {
  const found = await gateway.catalog.lookup(server, 'tools', String(name)).catch(() => undefined);
  return taskSupport(found !== undefined && 'entry' in found ? found.entry?.json : undefined);
};
