import { maskingMask } from '#contracts/masking.js';
import { policyFilter } from '#contracts/policy.js';
import { uriProblem } from '#core/call/resource-uri.js';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { mergeProfiles } from '#core/policy/merge-profiles.js';
import type { MaskingProfile, TargetKind } from '#core/policy/policy.types.js';
import { offersTasks } from '#mcp/tasks.js';
import type { ListKind } from '#mcp/upstream/upstream.types.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import type { Client } from './client.js';
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
  const usable = await filter(gateway, caller.groups, target, listed.filter(isShowable));
  const shown = usable.entries.map((entry) => {
    const json = { ...shownJson(entry), ...(kind === 'tools' ? execution(gateway, client, entry) : {}) };
    return server === undefined ? united(gateway, entry, json) : json;
  });
  // Definitions are approved by an operator; single resources are data, and so are their names.
  const masked = kind === 'resources' ? await maskNames(gateway, shown, usable.profiles) : shown;
  await recordList(gateway, mcp, method, usable.entries);
  return {
    ...(client.era === 'modern' ? { resultType: 'complete', ttlMs: LIST_TTL_MS, cacheScope: 'private' } : {}),
    [member]: masked,
  };
};

/** A URI that policy could not decide on is nothing that anybody may read. */
const isShowable = ({ kind, name }: CatalogEntry): boolean =>
  kind === 'tools' || kind === 'prompts' || uriProblem(name) === undefined;

const FILTER_MAX = 1_000;

/** What of a list the caller could use, and what its texts must be masked with. */
interface Usable {
  readonly entries: readonly CatalogEntry[];
  readonly profiles: readonly MaskingProfile[];
}

const filter = async (
  gateway: Gateway,
  groups: readonly string[],
  kind: TargetKind,
  listed: readonly CatalogEntry[],
): Promise<Usable> => {
  const entries: CatalogEntry[] = [];
  const profiles: MaskingProfile[] = [];
  for (let at = 0; at < listed.length; at += FILTER_MAX) {
    const page = listed.slice(at, at + FILTER_MAX);
    const { allowed, profile } = await gateway.bus.request(policyFilter, {
      groups: [...groups],
      tools: page.map(({ server, name }) => ({ kind, server, tool: name })),
    });
    entries.push(...page.filter((_, index) => allowed[index] === true));
    if (profile !== null) profiles.push(profile);
  }
  return { entries, profiles };
};

/** All but the URI, by which the resource is read; policy has decided that the caller may see that. */
const maskNames = async (
  gateway: Gateway,
  resources: readonly JsonObject[],
  profiles: readonly MaskingProfile[],
): Promise<readonly JsonObject[]> => {
  const profile = mergeProfiles(profiles);
  if (profile === null || resources.length === 0) return resources;
  const texts = resources.map(({ uri: _uri, ...text }) => text);
  const body = Buffer.from(JSON.stringify({ resources: texts }));
  const { masked } = await gateway.bus.request(maskingMask, { body, surface: 'result', profile });
  const { resources: shown } = JSON.parse(Buffer.from(masked).toString('utf8')) as {
    resources?: readonly JsonObject[];
  };
  if (shown?.length !== resources.length) throw new CountersignError('masking_blocked');
  return resources.map(({ uri = null }, index) => ({ ...shown[index], uri }));
};

const unitedEntries = async (gateway: Gateway, kind: ListKind): Promise<readonly CatalogEntry[]> => {
  const lists = await Promise.allSettled(
    gateway.catalog.names().map((name) => gateway.catalog.entries(name, kind)),
  );
  return lists.flatMap((list) => (list.status === 'fulfilled' ? [...list.value.values()] : []));
};

/**
 * Without what no approval covers (`_meta`, `icons`, `execution`), and without the output schema: it says what the upstream gives, and
 * clients refuse a masked value that does not fit it ("[ADDRESS]" for a two-letter state).
 */
const shownJson = ({ json }: CatalogEntry): JsonObject => {
  const { outputSchema: _schema, _meta, icons: _icons, execution: _execution, ...shown } = json;
  return shown;
};

/** Only 2025-11-25 says of each tool whether it may be called as a task; a modern server decides that in each call. */
const execution = (gateway: Gateway, { revision }: Client, { server, json }: CatalogEntry): JsonObject => {
  const about = gateway.catalog.server(server).upstream.server();
  if (revision !== '2025-11-25' || about === undefined) return {};
  if (about.era === 'modern') return offersTasks(about) ? { execution: { taskSupport: 'optional' } } : {};
  const { execution: said } = json;
  return said === undefined ? {} : { execution: said };
};

/** Tools and prompts get the server in their name; URIs stay, they are looked up. */
const united = (gateway: Gateway, { kind, name, server }: CatalogEntry, json: JsonObject): JsonObject =>
  kind === 'tools' || kind === 'prompts' ? { ...json, name: gateway.catalog.join(server, name) } : json;
