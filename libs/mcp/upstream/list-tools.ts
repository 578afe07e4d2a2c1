import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { type JsonLimits, parseScanned, parseStrictJson, scanStrictJson } from '../strict-json.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import type { Link } from './link.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';
import type { UpstreamTool } from './upstream.types.js';

/** All pages of tools/list. A cursor that comes twice would never end, so it is refused. */
export const listAllTools = async (
  link: Link,
  limits: UpstreamLimits,
  signal: AbortSignal,
): Promise<readonly UpstreamTool[]> => {
  const tools = new Map<string, UpstreamTool>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = readPage(await requestPage(link, limits, signal, cursor), limits);
    for (const tool of page.tools) {
      if (tools.has(tool.name)) throw invalid('two tools with one name');
      tools.set(tool.name, tool);
    }
    if (tools.size > limits.tools_max) throw invalid(`more than ${limits.tools_max} tools`);
    cursor = page.nextCursor;
    if (cursor !== undefined && cursors.has(cursor)) throw invalid('tools/list goes round in circles');
    if (cursor !== undefined) cursors.add(cursor);
    if (cursors.size > limits.tools_max) throw invalid('too many pages');
  } while (cursor !== undefined);
  return [...tools.values()];
};

const requestPage = async (
  link: Link,
  limits: UpstreamLimits,
  signal: AbortSignal,
  cursor: string | undefined,
): Promise<Uint8Array> => {
  const params = Buffer.from(JSON.stringify(cursor === undefined ? {} : { cursor }));
  const options = { deadline_ms: limits.request_ms, signal, resultBytesMax: limits.message_bytes_max };
  try {
    const answer = await link.request('tools/list', params, options);
    if (answer.kind === 'result') return answer.bytes;
  } catch (error) {
    // A list changes nothing: not to know its outcome is not to have it.
    if (!(error instanceof UpstreamOutcomeUnknown)) throw error;
    throw new CountersignError('upstream_unavailable', `tools/list failed (${error.reason})`);
  }
  throw new CountersignError('upstream_unavailable', 'tools/list was refused');
};

const readPage = (
  result: Uint8Array,
  limits: UpstreamLimits,
): { tools: UpstreamTool[]; nextCursor: string | undefined } => {
  const json = answerLimits(limits, limits.message_bytes_max);
  const { members, negativeZero } = scanStrictJson(result, json);
  const list = members.find((member) => member.key === 'tools');
  const next = members.find((member) => member.key === 'nextCursor');
  if (!list) throw invalid('tools/list without tools');
  const bytes = result.subarray(list.start, list.end);
  const scan = scanStrictJson(bytes, json);
  if (scan.kind !== 'array') throw invalid('tools is not an array');
  const nextCursor = next && parseScanned(result, next, negativeZero);
  if (nextCursor !== undefined && nextCursor !== null && typeof nextCursor !== 'string') {
    throw invalid('nextCursor is not a string');
  }
  return {
    tools: scan.elements.map(({ start, end }) => readTool(bytes.subarray(start, end), json)),
    nextCursor: nextCursor ?? undefined,
  };
};

const readTool = (bytes: Uint8Array, limits: JsonLimits): UpstreamTool => {
  const json = parseStrictJson(bytes, limits);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid('a tool is not an object');
  const { name } = json as JsonObject;
  if (typeof name !== 'string' || name === '') throw invalid('a tool without name');
  return { name, json: json as JsonObject, bytes };
};

const invalid = (detail: string) => new CountersignError('upstream_invalid', detail);
