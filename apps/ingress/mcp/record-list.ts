import { randomUUID } from 'node:crypto';
import { type ListShown, listStream } from '#core/call/list.events.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import type { McpRequest } from './mcp-request.js';
import { recordFirst } from './record-first.js';

/** On record before the caller has it (promise G6). @throws CountersignError ledger_* */
export const recordList = async (
  gateway: Gateway,
  { caller, endpoint }: McpRequest,
  method: string,
  entries: readonly CatalogEntry[],
): Promise<void> => {
  const id = randomUUID();
  const shown: { [server: string]: number } = {};
  for (const { server } of entries) shown[server] = (shown[server] ?? 0) + 1;
  const event: ListShown = {
    type: 'ListShown',
    v: 1,
    data: { endpoint, groups: caller.groups, method, shown },
  };
  await recordFirst(gateway, caller, id, listStream(id), event);
};
