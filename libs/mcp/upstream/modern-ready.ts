import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { META, TASKS_EXTENSION } from '../meta.js';
import { paramHeadersProblem } from '../param-headers.js';
import { parseScanned, parseStrictJson, scanStrictJson } from '../strict-json.js';
import { offersTasks } from '../tasks.js';
import { readDiscovery } from './discover.js';
import { HEADER_MISMATCH, requestMeta, UNSUPPORTED_REVISION } from './envelope.js';
import { asObject } from './json-object.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import type { Link, LinkEvents, LinkSettings, ReadyLink } from './link.js';
import { listAllItems } from './list-items.js';
import { createRefresh } from './list-refresh.js';
import { cleanText } from './log-lines.js';
import { listenForChanges } from './modern-listen.js';
import type { CallAnswer, ListedItem, UpstreamServer } from './upstream.types.js';

/** A server of the modern era with what the gateway asks of it by itself: lists, and one stream of changes. */
export const modernReady = (
  plain: Link,
  server: UpstreamServer,
  settings: LinkSettings<{ readonly kind: string }>,
  events: LinkEvents,
): ReadyLink => {
  const { client, limits, onWarning, transport } = settings;
  const meta = requestMeta(server, client, {});
  const still = stillModern(plain, meta, limits);
  const link: Link = {
    ...plain,
    stillKnown: () => still.known(),
    async request(method, paramsBytes, options) {
      const answer = await plain.request(method, paramsBytes, options).catch((error: unknown) => {
        if (error instanceof CountersignError && NO_MODERN_REFUSAL.test(error.detail ?? '')) still.doubt();
        throw error;
      });
      if (answer.kind === 'result') checkResultType(answer, paramsBytes, limits);
      else {
        const code = codeOfError(answer, limits);
        // The schema that named the headers, or the revision, is not what it was.
        if (code === HEADER_MISMATCH) events.onListChanged('tools');
        if (code === UNSUPPORTED_REVISION) still.doubt();
      }
      return answer;
    },
  };
  // Only who declares the extension may ask to hear of tasks (SEP-2663, task status notifications).
  const declared: JsonObject = offersTasks(server) ? { extensions: { [TASKS_EXTENSION]: {} } } : {};
  const changes = listenForChanges(link, server, requestMeta(server, client, declared), limits, events);
  const refresh = createRefresh(limits, events.onListChanged);
  const mirrored = (item: ListedItem): boolean => {
    const problem = paramHeadersProblem(item.json['inputSchema']);
    if (problem !== undefined) onWarning(`the tool ${cleanText(item.name, 128)} was left out: ${problem}`);
    return problem === undefined;
  };
  return {
    ...link,
    server,
    async list(kind, signal) {
      const { items, ttl_ms } = await listAllItems(kind, link, server, limits, signal, meta);
      if (items.length > 0 || ttl_ms !== undefined) refresh.listed(kind, items, ttl_ms, changes.tells(kind));
      // Only over HTTP are parameters mirrored into headers (basic/transports/streamable-http, "Schema Extension").
      return kind === 'tools' && transport.kind !== 'stdio' ? items.filter(mirrored) : items;
    },
    watch: changes.watch,
    unwatch: changes.unwatch,
    ...(offersTasks(server) ? { watchTask: changes.watchTask, unwatchTask: changes.unwatchTask } : {}),
    async close() {
      refresh.stop();
      changes.stop();
      await plain.close();
    },
  };
};

/** Statuses without a JSON-RPC error: a modern server refuses in its own words. */
const NO_MODERN_REFUSAL = /^HTTP (?:400|404|405)$/;

/** Asks anew whether the server is a modern one when it answers as if it were not; one question at a time. */
const stillModern = (link: Link, meta: JsonObject, limits: UpstreamLimits) => {
  let asking: Promise<boolean> | undefined;
  const ask = async (): Promise<boolean> => {
    const options = {
      deadline_ms: limits.connect_wait_ms,
      signal: new AbortController().signal,
      resultBytesMax: limits.message_bytes_max,
      ours: true,
    };
    const params = Buffer.from(JSON.stringify({ _meta: meta }));
    try {
      const answer = await link.request('server/discover', params, options);
      if (answer.kind === 'result' && readDiscovery(answer, limits).server) return true;
    } catch (error) {
      // A fault of the network says nothing.
      if (!(error instanceof CountersignError)) return true;
    }
    link.forget?.('no modern server any more');
    return false;
  };
  return {
    doubt(): void {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
    },
    known: async (): Promise<boolean> => (asking ? await asking : link.stillKnown()),
  };
};

const COMPLETE = Buffer.from('{"resultType":"complete"');

/**
 * A result of a type that nobody declared is invalid; one without a type is complete (MCP 2026-07-28 basic, ResultType).
 * @throws CountersignError upstream_invalid.
 */
const checkResultType = ({ bytes }: CallAnswer, paramsBytes: Uint8Array, limits: UpstreamLimits): void => {
  if (COMPLETE.equals(bytes.subarray(0, COMPLETE.length))) return;
  const scan = scanStrictJson(bytes, answerLimits(limits, bytes.length));
  const span = scan.members.find(({ key }) => key === 'resultType');
  const type = span ? parseScanned(bytes, span, scan.negativeZero) : 'complete';
  if (type === 'complete' || type === 'input_required') return;
  if (type === 'task' && declaresTasks(paramsBytes, limits)) return;
  throw new CountersignError('upstream_invalid', 'a result of a type that was not declared');
};

const codeOfError = ({ bytes }: CallAnswer, limits: UpstreamLimits): unknown =>
  asObject(parseStrictJson(bytes, answerLimits(limits, bytes.length)))['code'];

const declaresTasks = (paramsBytes: Uint8Array, limits: UpstreamLimits): boolean => {
  const params = parseStrictJson(paramsBytes, answerLimits(limits, paramsBytes.length)) as JsonObject;
  const capabilities = asObject(asObject(params['_meta'])[META.clientCapabilities]);
  return asObject(capabilities['extensions'])[TASKS_EXTENSION] !== undefined;
};
