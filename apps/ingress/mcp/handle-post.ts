import type { FastifyReply, FastifyRequest } from 'fastify';
import { CountersignError, ERRORS } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { recordRefusal } from '#http/record-refusal.js';
import { bearerToken } from '#identity/bearer-token.js';
import type { Caller } from '#identity/caller.js';
import { wwwAuthenticate } from '#identity/protected-resource.js';
import { type RequestFrame, type RequestId, readFrame } from '#mcp/frame.js';
import { errorFrame, rawErrorFrame, resultFrame } from '#mcp/frame-write.js';
import type { Session } from '#mcp/session.js';
import { callSeconds, callsTotal, refusalsTotal } from '#telemetry/metrics.js';
import type { CallRequest } from '../call/call.js';
import type { Gateway } from '../gateway.js';
import { handleCall } from '../handle-call.js';
import { isOnRecord } from '../on-record.js';
import { checkMediaType, checkOrigin, checkRevisionHeader } from './check-headers.js';
import { httpExchange } from './http-exchange.js';
import { initializeResult } from './initialize-result.js';
import { listTools } from './list-tools.js';
import { refusedCallFrame } from './refusal-result.js';
import { newSession, sessionOf } from './session-of.js';

/** One POST to an MCP endpoint; `server` is undefined at the united endpoint. */
export interface Post {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly server: string | undefined;
}

/** What is known so far; a refusal records it. */
interface Progress {
  caller?: Caller;
  id?: RequestId;
  method?: string;
}

/**
 * The edge before a call: limits, origin, token, strict JSON, session, method. Anything that ends here is recorded as
 * RequestRefused; a tools/call goes on in handle-call.ts.
 */
export const handlePost = async (gateway: Gateway, post: Post): Promise<void> => {
  const { request, reply, server } = post;
  const known: Progress = {};
  try {
    checkOrigin(request, gateway);
    known.caller = await authenticate(gateway, post);
    if (server !== undefined) gateway.catalog.server(server);
    checkMediaType(request);
    checkRevisionHeader(request);
    const { request_bytes_max, json_depth_max } = gateway.config.limits;
    const frame = readFrame(bodyOf(request), {
      bytes_max: request_bytes_max,
      depth_max: json_depth_max,
      members_max: 10_000,
    });
    if (frame.kind === 'response') throw new CountersignError('frame_invalid', 'the gateway asked nothing');
    known.method = frame.method;
    if (frame.kind === 'request') known.id = frame.id;
    if (frame.kind === 'request' && frame.method === 'initialize')
      return await answerInitialize(gateway, known.caller, frame, reply);
    const session = sessionOf(gateway, known.caller, request.headers['mcp-session-id']);
    if (frame.kind === 'notification') {
      if (frame.method === 'notifications/cancelled') cancel(gateway, known.caller, session, frame.params);
      await reply.code(202).send();
      return;
    }
    await answerRequest(gateway, post, known.caller, session, frame);
  } catch (error) {
    await answerRefusal(gateway, post, known, error);
  }
};

const resourceOf = (gateway: Gateway, server: string | undefined): string =>
  `${gateway.publicUrl()}/mcp${server === undefined ? '' : `/${server}`}`;

const authenticate = (gateway: Gateway, { request, server }: Post): Promise<Caller> =>
  gateway.verifier.verify(bearerToken(request.headers.authorization), resourceOf(gateway, server));

const bodyOf = ({ body }: FastifyRequest): Uint8Array => {
  if (!(body instanceof Uint8Array)) throw new CountersignError('json_malformed', 'there is no body');
  return body;
};

const answerInitialize = async (
  gateway: Gateway,
  caller: Caller,
  { id, params }: RequestFrame,
  reply: FastifyReply,
): Promise<void> => {
  const { session, text } = newSession(gateway, caller, params);
  await reply
    .header('content-type', 'application/json')
    .header('mcp-session-id', text)
    .send(resultFrame(id, Buffer.from(JSON.stringify(initializeResult(session.protocolVersion)))));
};

const answerRequest = async (
  gateway: Gateway,
  post: Post,
  caller: Caller,
  session: Session | undefined,
  frame: RequestFrame,
): Promise<void> => {
  const { reply, server } = post;
  const send = (result: Uint8Array) =>
    reply.header('content-type', 'application/json').send(resultFrame(frame.id, result));
  switch (frame.method) {
    case 'ping':
      await send(Buffer.from('{}'));
      return;
    case 'tools/list':
      await send(await listTools(gateway, caller, server));
      return;
    case 'tools/call':
      await answerCall(gateway, post, caller, session, frame);
      return;
    default:
      throw new CountersignError('method_unknown', frame.method);
  }
};

const answerCall = async (
  gateway: Gateway,
  post: Post,
  caller: Caller,
  session: Session | undefined,
  frame: RequestFrame,
): Promise<void> => {
  const call = toCallRequest(gateway, post, caller, session, frame);
  const { signal, end } = gateway.inFlight.begin(ownerKey(caller, session), frame.id);
  const exchange = httpExchange(post.request, post.reply, {
    cancelled: signal,
    progressToken: progressTokenOf(frame.params),
  });
  const stop = callSeconds.startTimer();
  let outcome = 'released';
  try {
    const { kind, bytes } = await handleCall(gateway, call, exchange);
    exchange.finish(kind === 'result' ? resultFrame(frame.id, bytes) : rawErrorFrame(frame.id, bytes));
  } catch (error) {
    const refusal = await recorded(gateway, { where: call.endpoint, caller, method: frame.method }, error);
    outcome = refusal.code;
    // MCP basic/utilities/cancellation: a cancelled request gets no response.
    if (signal.aborted) exchange.end();
    else exchange.finish(refusedCallFrame(frame.id, refusal), statusOfCall(refusal));
  } finally {
    end();
    stop();
    callsTotal.inc({ server: call.server, outcome });
  }
};

/** 503 and 429 say to any HTTP client that trying again may help; refusals of the call itself are ordinary answers. */
const statusOfCall = ({ code }: CountersignError): number =>
  ERRORS[code].http >= 429 ? ERRORS[code].http : 200;

const toCallRequest = (
  gateway: Gateway,
  { server }: Post,
  caller: Caller,
  session: Session | undefined,
  { params }: RequestFrame,
): CallRequest => {
  const { name } = params;
  if (typeof name !== 'string' || name.length === 0 || name.length > 200)
    throw new CountersignError('params_invalid', 'name');
  const target = server === undefined ? gateway.catalog.split(name) : { server, name };
  if (target === undefined)
    throw new CountersignError('tool_unknown', 'the united endpoint names tools server__tool');
  return {
    caller,
    agent: session === undefined ? null : session.client,
    endpoint: server === undefined ? 'mcp' : `mcp/${server}`,
    protocol: session?.protocolVersion ?? '2025-11-25',
    server: target.server,
    tool: target.name,
    session: session?.id,
    params,
  };
};

const progressTokenOf = ({ _meta: meta }: JsonObject): string | number | undefined => {
  const token = (meta as { progressToken?: unknown } | undefined)?.progressToken;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
};

const ownerKey = ({ issuer, subject, clientId }: Caller, session: Session | undefined): string =>
  `${issuer}\n${subject}\n${clientId}\n${session?.id ?? ''}`;

const cancel = (
  gateway: Gateway,
  caller: Caller,
  session: Session | undefined,
  { requestId }: JsonObject,
): void => {
  if (typeof requestId === 'string' || typeof requestId === 'number')
    gateway.inFlight.cancel(ownerKey(caller, session), requestId);
};

/** Makes sure that a refusal is on record, whatever gate it came from. */
const recorded = async (
  gateway: Gateway,
  refused: {
    readonly where: string;
    readonly caller: Caller | undefined;
    readonly method: string | undefined;
  },
  error: unknown,
): Promise<CountersignError> => {
  if (!(error instanceof CountersignError))
    gateway.logger.error({ err: error }, 'unexpected error at the MCP edge');
  const refusal = error instanceof CountersignError ? error : new CountersignError('internal');
  if (isOnRecord(error) || refusal.code.startsWith('ledger_')) return refusal;
  const { where, caller, method } = refused;
  try {
    const about = { method: method ?? null, detail: refusal.detail ?? null };
    await recordRefusal(gateway.bus, gateway.instance, {
      code: refusal.code,
      where,
      ...(caller === undefined ? {} : { caller }),
      about,
    });
  } catch {
    gateway.logger.error({ code: refusal.code, where }, 'a refusal could not be recorded');
  }
  return refusal;
};

/**
 * On the revisions served here 404 tells a client that its session is gone (MCP 2025-11-25 basic/transports), so an
 * unknown method is an ordinary answer; 2026-07-28 wants 404 for it.
 */
const statusOf = ({ code }: CountersignError): number =>
  code === 'method_unknown' ? 200 : ERRORS[code].http;

const answerRefusal = async (
  gateway: Gateway,
  { reply, server }: Post,
  known: Progress,
  error: unknown,
): Promise<void> => {
  const where = server === undefined ? 'mcp' : `mcp/${gateway.catalog.has(server) ? server : 'unknown'}`;
  const refusal = await recorded(gateway, { where, caller: known.caller, method: known.method }, error);
  refusalsTotal.inc({ code: refusal.code });
  if (reply.sent || reply.raw.headersSent || reply.raw.destroyed) return;
  const http = statusOf(refusal);
  if (http === 401)
    void reply.header(
      'www-authenticate',
      wwwAuthenticate({ resource: resourceOf(gateway, server), code: refusal.code }),
    );
  await reply
    .code(http)
    .header('content-type', 'application/json')
    .send(errorFrame(known.id ?? null, refusal.code, refusal.detail));
};
