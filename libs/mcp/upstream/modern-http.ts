import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Frame } from '../frame.js';
import { requestFrame } from '../frame-write.js';
import { META } from '../meta.js';
import { mcpNameHeader } from '../param-headers.js';
import { parseStrictJson } from '../strict-json.js';
import { type Exchange, openExchange } from './exchange.js';
import type { AnswerContext } from './http-answer.js';
import { type HttpTarget, openEndpoint } from './http-endpoint.js';
import { postRequest } from './http-post.js';
import { asObject } from './json-object.js';
import { answerLimits, type UpstreamLimits } from './limits.js';
import type { Link, LinkRequestOptions } from './link.js';

export interface ModernHttpLink extends Link {
  /** HTTP status of the last response. */
  status(): number | undefined;
}

/** Which member of params the header `Mcp-Name` repeats. */
const NAMED = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);
const PARAM_HEADER = /^mcp-param-/i;

/**
 * MCP 2026-07-28 basic/transports/streamable-http: one POST a request, no sessions, no resumption. A request is
 * cancelled by closing its response.
 */
export const openModernHttp = (target: HttpTarget, limits: UpstreamLimits): ModernHttpLink => {
  const endpoint = openEndpoint(target, limits.calls_max);
  const lost = Promise.withResolvers<string>();
  let ended = false;
  let nextId = 1;
  let underWay = 0;
  let lastStatus: number | undefined;
  let closing: Promise<void> | undefined;
  const lose = (reason: string): void => {
    ended = true;
    lost.resolve(reason);
  };
  return {
    lost: lost.promise,
    status: () => lastStatus,
    stillKnown: async () => !ended,
    forget: lose,
    async request(method, paramsBytes, options) {
      const headers = headersOf(method, paramsBytes, options, limits);
      const exchange = openExchange(nextId++, options, () => {});
      if (ended) exchange.refuse('the connection has ended');
      else if (!options.ours && underWay >= limits.calls_max) exchange.refuse('too many calls are under way');
      if (exchange.over) return exchange.settled;
      if (!options.ours) underWay++;
      const onHead = (head: number): void => {
        lastStatus = head;
      };
      const onUnreachable = (code: string): void => lose(`cannot be reached (${code})`);
      const frame = requestFrame(exchange.id, method, paramsBytes);
      const context = answerContext(exchange, options.resultBytesMax, limits);
      postRequest(endpoint, frame, context, { onHead, onUnreachable }, { headers });
      try {
        return await exchange.settled;
      } finally {
        if (!options.ours) underWay--;
      }
    },
    close() {
      // After a loss, requests under way may still get their answers.
      closing ??= ended ? Promise.resolve(void endpoint.pool.close()) : endpoint.pool.destroy();
      lose('closed');
      return closing;
    },
  };
};

/** @throws CountersignError params_invalid without a revision in `_meta`: no header could say the same. */
const headersOf = (
  method: string,
  paramsBytes: Uint8Array,
  options: LinkRequestOptions,
  limits: UpstreamLimits,
): Readonly<Record<string, string>> => {
  const params = parseStrictJson(paramsBytes, answerLimits(limits, paramsBytes.length)) as JsonObject;
  const revision = asObject(params['_meta'])[META.protocolVersion];
  if (typeof revision !== 'string') throw new CountersignError('params_invalid', 'no revision in _meta');
  const name = params[NAMED.get(method) ?? ''];
  const mirrored = Object.entries(options.headers ?? {}).filter(([header]) => PARAM_HEADER.test(header));
  return {
    ...Object.fromEntries(mirrored),
    'mcp-protocol-version': revision,
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': mcpNameHeader(name) }),
  };
};

const answerContext = (
  exchange: Exchange,
  resultBytesMax: number,
  limits: UpstreamLimits,
): AnswerContext => ({
  exchange,
  limits,
  resultBytesMax,
  inSession: false,
  onFrame(frame: Frame) {
    if (frame.kind === 'request') exchange.fail('invalid_answer', 'a request of the server on the stream');
    else if (frame.kind === 'response') return;
    else if (frame.method === 'notifications/progress') exchange.progress(frame.params);
    else exchange.notify(frame.method, frame.params);
  },
  onSessionGone: () => {},
  onCut: (_, why) => exchange.fail('connection_lost', why),
});
