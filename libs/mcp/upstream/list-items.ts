import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { type JsonLimits, parseScanned, parseStrictJson, scanStrictJson } from '../strict-json.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import type { Link } from './link.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';
import type { ListedItem, ListKind, UpstreamServer } from './upstream.types.js';

interface ListShape {
  readonly method: string;
  /** The capability a server declares when it has such a list. */
  readonly capability: string;
  /** Member of an item that names it; must be unique in the list. */
  readonly key: string;
}

const LISTS: Readonly<Record<ListKind, ListShape>> = {
  tools: { method: 'tools/list', capability: 'tools', key: 'name' },
  prompts: { method: 'prompts/list', capability: 'prompts', key: 'name' },
  resources: { method: 'resources/list', capability: 'resources', key: 'uri' },
  resourceTemplates: { method: 'resources/templates/list', capability: 'resources', key: 'uriTemplate' },
};

/** The shortest time that any page may be kept; undefined when no page says. */
export interface WholeList {
  readonly items: readonly ListedItem[];
  readonly ttl_ms: number | undefined;
}

/**
 * All pages of a list. A cursor that comes twice would never end, so it is refused.
 * @param meta `params._meta` of the requests, for the modern era.
 */
export const listAllItems = async (
  kind: ListKind,
  link: Link,
  server: UpstreamServer,
  limits: UpstreamLimits,
  signal: AbortSignal,
  meta?: JsonObject,
): Promise<WholeList> => {
  const { method, capability, key } = LISTS[kind];
  if (!server.capabilities[capability]) return { items: [], ttl_ms: undefined };
  const items = new Map<string, ListedItem>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let ttl_ms: number | undefined;
  do {
    const params = { ...(cursor !== undefined && { cursor }), ...(meta && { _meta: meta }) };
    const page = readPage(kind, key, await requestPage(method, link, limits, signal, params), limits);
    for (const item of page.items) {
      if (items.has(item.name)) throw invalid(`${method}: two items with one ${key}`);
      items.set(item.name, item);
    }
    if (items.size > limits.items_max) throw invalid(`${method}: more than ${limits.items_max} items`);
    if (page.ttl_ms !== undefined) ttl_ms = Math.min(ttl_ms ?? page.ttl_ms, page.ttl_ms);
    cursor = page.nextCursor;
    if (cursor !== undefined && cursors.has(cursor)) throw invalid(`${method} goes round in circles`);
    if (cursor !== undefined) cursors.add(cursor);
    if (cursors.size > limits.items_max) throw invalid(`${method}: too many pages`);
  } while (cursor !== undefined);
  return { items: [...items.values()], ttl_ms };
};

const requestPage = async (
  method: string,
  link: Link,
  limits: UpstreamLimits,
  signal: AbortSignal,
  params: JsonObject,
): Promise<Uint8Array> => {
  const resultBytesMax = limits.message_bytes_max;
  const options = { deadline_ms: limits.request_ms, signal, resultBytesMax, ours: true };
  try {
    const answer = await link.request(method, Buffer.from(JSON.stringify(params)), options);
    if (answer.kind === 'result') return answer.bytes;
  } catch (error) {
    // A list changes nothing: not to know its outcome is not to have it.
    if (!(error instanceof UpstreamOutcomeUnknown)) throw error;
    throw new CountersignError('upstream_unavailable', `${method} failed (${error.reason})`);
  }
  throw new CountersignError('upstream_unavailable', `${method} was refused`);
};

const readPage = (
  kind: ListKind,
  key: string,
  result: Uint8Array,
  limits: UpstreamLimits,
): { items: ListedItem[]; nextCursor: string | undefined; ttl_ms: number | undefined } => {
  const json = answerLimits(limits, limits.message_bytes_max);
  const { members, negativeZero } = scanStrictJson(result, json);
  const list = members.find((member) => member.key === kind);
  const read = (name: string): unknown => {
    const member = members.find(({ key: own }) => own === name);
    return member && parseScanned(result, member, negativeZero);
  };
  if (!list) throw invalid(`a list without ${kind}`);
  const bytes = result.subarray(list.start, list.end);
  const scan = scanStrictJson(bytes, json);
  if (scan.kind !== 'array') throw invalid(`${kind} is not an array`);
  const nextCursor = read('nextCursor');
  const ttl_ms = read('ttlMs');
  if (nextCursor !== undefined && nextCursor !== null && typeof nextCursor !== 'string') {
    throw invalid('nextCursor is not a string');
  }
  return {
    items: scan.elements.map(({ start, end }) => readItem(key, bytes.subarray(start, end), json)),
    nextCursor: nextCursor ?? undefined,
    ttl_ms: typeof ttl_ms === 'number' ? Math.max(0, ttl_ms) : undefined,
  };
};

const readItem = (key: string, bytes: Uint8Array, limits: JsonLimits): ListedItem => {
  const json = parseStrictJson(bytes, limits);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid('an item is not an object');
  const name = (json as JsonObject)[key];
  if (typeof name !== 'string' || name === '') throw invalid(`an item without ${key}`);
  return { name, json: json as JsonObject, bytes };
};

const invalid = (detail: string) => new CountersignError('upstream_invalid', detail);
