import { CountersignError } from '#core/errors.js';
import { UpstreamOutcomeUnknown } from '#mcp/upstream/outcome-unknown.js';
import type { CallAnswer } from '#mcp/upstream/upstream.types.js';
import type { UpstreamCaller } from '#mcp/upstream/upstream-auth.types.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import { isLogLevel } from '../log-levels.js';
import { ClientQuestions } from './ask-client.js';
import type { Call } from './call.js';
import type { Decided } from './decide.js';
import type { Exchange } from './exchange.js';
import type { ForwardedCall } from './forwarded-call.js';
import { Messages } from './messages.js';
import { paramHeaders } from './param-headers-of.js';

export type Returned =
  | { readonly kind: 'result' | 'error'; readonly bytes: Uint8Array; readonly elapsed_us: number }
  /** Known not to have been carried out, or carried out with an answer that cannot be used. */
  | { readonly kind: 'failed'; readonly error: CountersignError }
  | { readonly kind: 'unknown'; readonly error: UpstreamOutcomeUnknown };

/**
 * Sends the recorded bytes upstream with the gateway's own credential. At most once: nothing here ever sends again. What
 * the upstream says or asks meanwhile is masked and on record before the client sees it.
 */
export const forward = async (
  gateway: Gateway,
  call: Call,
  entry: CatalogEntry | null,
  decided: Decided,
  forwarded: ForwardedCall,
  exchange: Exchange,
  resultBytesMax: number,
): Promise<Returned> => {
  const started = performance.now();
  const messages = new Messages(gateway, call.client, decided, forwarded, exchange);
  const questions = new ClientQuestions(gateway, call, decided, forwarded);
  try {
    const answer = await send(gateway, call, entry, exchange, messages, questions, resultBytesMax);
    await messages.released();
    const { kind, bytes } = answer;
    return { kind, bytes, elapsed_us: Math.round((performance.now() - started) * 1_000) };
  } catch (error) {
    if (error instanceof UpstreamOutcomeUnknown) return { kind: 'unknown', error };
    if (error instanceof CountersignError) return { kind: 'failed', error };
    gateway.logger.error(
      { callId: forwarded.receipt.callId, err: error },
      'unexpected error while forwarding',
    );
    return { kind: 'unknown', error: new UpstreamOutcomeUnknown('connection_lost', 'unexpected error') };
  }
};

const DONE: CallAnswer = { kind: 'result', bytes: Buffer.from('{}') };

const send = async (
  gateway: Gateway,
  call: Call,
  entry: CatalogEntry | null,
  exchange: Exchange,
  messages: Messages,
  questions: ClientQuestions,
  resultBytesMax: number,
): Promise<CallAnswer> => {
  // Throws when the server was removed from the configuration a moment ago: nothing was sent then.
  const { upstream, timeout_ms } = gateway.catalog.server(call.server);
  if (call.here !== undefined) return call.here.answer(exchange);
  // Many clients watch through one connection, so these two change what the gateway itself has asked for.
  if (call.method === 'resources/subscribe') {
    await gateway.listeners.watch(call);
    return DONE;
  }
  if (call.method === 'resources/unsubscribe') {
    await gateway.listeners.unwatch(call);
    return DONE;
  }
  const { client } = call;
  if (call.method === 'logging/setLevel' && client.era === 'legacy' && client.session !== undefined) {
    const { level } = call.arguments;
    if (!isLogLevel(level)) throw new CountersignError('params_invalid', 'level');
    gateway.logLevels.set(client.session.id, level);
    // Each request says it anew there.
    if (call.era === 'modern') return DONE;
  }
  return upstream.request(call.method, call.paramsBytes, {
    deadline_ms: timeout_ms,
    signal: exchange.cancelled,
    resultBytesMax: Math.min(gateway.config.limits.result_bytes_max, resultBytesMax),
    ...(call.era === undefined ? {} : { era: call.era }),
    ...(call.era === 'modern' && call.method === 'tools/call'
      ? { headers: paramHeaders(entry?.json['inputSchema'], call.arguments) }
      : {}),
    caller: upstreamCaller(call),
    ...taskOf(call),
    onServerRequest: (request) => questions.answer(request, exchange),
    onNotification: (method, params) => messages.notification(method, params),
    // The token in the recorded bytes is the id of the call that made them, also when a held call is released later.
    ...(call.wantsProgress
      ? { progressToken: call.id, onProgress: (progress) => messages.progress(progress) }
      : {}),
  });
};

/** A legacy server asks about a task while somebody waits for its result. */
const taskOf = ({ method, params: { taskId } }: Call): { readonly taskId?: string } =>
  method === 'tasks/result' && typeof taskId === 'string' ? { taskId } : {};

const upstreamCaller = ({ caller, token }: Call): UpstreamCaller => {
  const { issuer, subject, principal } = caller;
  return { issuer, subject, principal, token };
};
