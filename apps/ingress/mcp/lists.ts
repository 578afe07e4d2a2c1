import { policyFilter } from '#contracts/policy.js';
import { uriProblem } from '#core/call/resource-uri.js';
import { CountersignError } from '#core/errors.js';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import type { TargetKind } from '#core/policy/policy.types.js';
import type { ListKind } from '#mcp/upstream/upstream.types.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import type { McpRequest } from './mcp-request.js';
import { recordList } from './record-list.js';

/** The list methods of MCP: what they list, and the member of the result that holds it. */
export const LISTS = {
  'tools/list': { kind: 'tools', member: 'tools', target: 'tool' },
  'prompts/list': { kind: 'prompts', member: 'prompts', target: 'prompt' },
  'resources/list': { kind: 'resources', member: 'resources', target: 'resource' },
  'resources/templates/list': {
    kind: 'resourceTemplates',
    member: 'resourceTemplates',
    target: 'resource',
  },
} as const satisfies Record<string, { kind: ListKind; member: string; target: TargetKind }>;

export type ListMethod = keyof typeof LISTS;
export const isListMethod = (method: string): method is ListMethod => Object.hasOwn(LISTS, method);

/** How long a list may be kept by one client; a change is also announced. */
const LIST_TTL_MS = 60_000;

/**
 * Result of a list: what the caller could use with some arguments, all on one page, in a fixed order. The united endpoint
 * leaves out servers that have not answered yet; an endpoint of one server says so instead. Filtered by role, so private.
 * @throws CountersignError policy_unavailable, upstream_unavailable, ledger_*, params_invalid for a cursor
 */
export const listItems = async (
  gateway: Gateway,
  mcp: McpRequest,
  method: ListMethod,
): Promise<JsonObject> => {
  const { caller, client, frame, post } = mcp;
  if (frame.params['cursor'] !== undefined) throw new CountersignError('params_invalid', 'cursor');
  const { kind, member, target } = LISTS[method];
  const { server } = post;
  const listed =
    server === undefined
      ? await unitedEntries(gateway, kind)
      : [...(await gateway.catalog.entries(server, kind)).values()];
  const entries = listed.filter(isShowable);
  const allowed = await filter(gateway, caller.groups, target, entries);
  const usable = entries.filter((_, index) => allowed[index] === true);
  const shown: Json[] = usable.map((entry) =>
    server === undefined ? united(gateway, entry) : shownJson(entry),
  );
  await recordList(gateway, mcp, method, usable);
  return {
    ...(client.era === 'modern' ? { resultType: 'complete', ttlMs: LIST_TTL_MS, cacheScope: 'private' } : {}),
    [member]: shown,
  };
};

/** A URI that policy could not decide on is nothing that anybody may read. */
const isShowable = ({ kind, name }: CatalogEntry): boolean =>
  kind === 'tools' || kind === 'prompts' || uriProblem(name) === undefined;

const FILTER_MAX = 1_000;

const filter = async (
  gateway: Gateway,
  groups: readonly string[],
  kind: TargetKind,
  entries: readonly CatalogEntry[],
): Promise<readonly boolean[]> => {
  const allowed: boolean[] = [];
  for (let at = 0; at < entries.length; at += FILTER_MAX) {
    const page = entries.slice(at, at + FILTER_MAX);
    const reply = await gateway.bus.request(policyFilter, {
      groups: [...groups],
      tools: page.map(({ server, name }) => ({ kind, server, tool: name })),
    });
    allowed.push(...reply.allowed);
  }
  return allowed;
};

const unitedEntries = async (gateway: Gateway, kind: ListKind): Promise<readonly CatalogEntry[]> => {
  const lists = await Promise.allSettled(
    gateway.catalog.names().map((name) => gateway.catalog.entries(name, kind)),
  );
  return lists.flatMap((list) => (list.status === 'fulfilled' ? [...list.value.values()] : []));
};

/**
 * Without what no approval covers (`_meta`, `icons`), and without the output schema: it says what the upstream gives, and
 * clients refuse a masked value that does not fit it ("[ADDRESS]" for a two-letter state).
 */
const shownJson = ({ json }: CatalogEntry): JsonObject => {
  const { outputSchema: _schema, _meta, icons: _icons, ...shown } = json;
  return shown;
};

/** Tools and prompts get the server in their name; URIs stay, they are looked up. */
const united = (gateway: Gateway, entry: CatalogEntry): JsonObject =>
  entry.kind === 'tools' || entry.kind === 'prompts'
    ? { ...shownJson(entry), name: gateway.catalog.join(entry.server, entry.name) }
    : shownJson(entry);
