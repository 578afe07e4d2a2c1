import { policyFilter } from '#contracts/policy.js';
import type { Caller } from '#identity/caller.js';
import type { CatalogEntry as CatalogTool } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';

/**
 * Result of tools/list: what the caller could use with some arguments, in a fixed order. The united endpoint leaves out
 * servers that have not answered yet; an endpoint of one server says so instead.
 * @throws CountersignError policy_unavailable, upstream_unavailable
 */
export const listTools = async (
  gateway: Gateway,
  caller: Caller,
  server: string | undefined,
): Promise<Uint8Array> => {
  const tools =
    server === undefined
      ? await unitedTools(gateway)
      : [...(await gateway.catalog.entries(server, 'tools')).values()];
  const { allowed } = await gateway.bus.request(policyFilter, {
    groups: [...caller.groups],
    tools: tools.map((tool) => ({ server: tool.server, tool: tool.name })),
  });
  const shown = tools
    .filter((_, index) => allowed[index] === true)
    .map((tool) => (server === undefined ? united(gateway, tool) : shownJson(tool)));
  return Buffer.from(JSON.stringify({ tools: shown }));
};

const unitedTools = async (gateway: Gateway): Promise<readonly CatalogTool[]> => {
  const lists = await Promise.allSettled(
    gateway.catalog.names().map((name) => gateway.catalog.entries(name, 'tools')),
  );
  return lists.flatMap((list) => (list.status === 'fulfilled' ? [...list.value.values()] : []));
};

/**
 * Without the output schema: it says what the upstream gives, and clients refuse a masked value that does not fit it
 * ("[ADDRESS]" for a two-letter state).
 */
const shownJson = ({ json: { outputSchema: _, ...shown } }: CatalogTool) => shown;

const united = (gateway: Gateway, tool: CatalogTool) => ({
  ...shownJson(tool),
  name: gateway.catalog.join(tool.server, tool.name),
});
