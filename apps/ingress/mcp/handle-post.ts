import { isGovernedMethod } from '#core/call/target.js';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { Caller } from '#identity/caller.js';
import { type Frame, type NotificationFrame, type RequestFrame, readFrame } from '#mcp/frame.js';
import { resultFrame } from '#mcp/frame-write.js';
import { META } from '#mcp/meta.js';
import type { Gateway } from '../gateway.js';
import { discoverResult, initializeResult } from './about.js';
import { answerCall } from './answer-call.js';
import { answerRefusal } from './answer-refusal.js';
import { authenticate, requireEndpointScopes } from './authenticate.js';
import { checkMediaType, checkOrigin } from './check-headers.js';
import { clientOf } from './client-of.js';
import { newSession, ownerOf } from './legacy/session-of.js';
import { isListMethod, listItems } from './lists.js';
import type { Known, McpRequest, Post } from './mcp-request.js';
import { LEGACY_ONLY, MODERN_ONLY, NEVER_ASKED } from './method-eras.js';
import { checkMirror } from './modern/check-mirror.js';
import { listen } from './modern/listen.js';
import { recordDiscovery, recordSession } from './record-client.js';
import { ownerKey } from './run-call.js';

/**
 * The edge before a call: limits, origin, token, strict JSON, era, mirrored headers, method. Anything that ends here is
 * recorded as RequestRefused; a governed request goes on in handle-call.ts.
 */
export const handlePost = async (gateway: Gateway, post: Post): Promise<void> => {
  const { request, reply, server } = post;
  const known: Known = {};
  try {
    checkOrigin(request, gateway);
    const caller = await authenticate(gateway, post);
    known.caller = caller;
    requireEndpointScopes(gateway, post, caller);
    if (server !== undefined) gateway.catalog.server(server);
    checkMediaType(request);
    const frame = readBody(gateway, post);
    if (frame.kind !== 'response') known.method = frame.method;
    if (frame.kind === 'request') known.id = frame.id;
    if (frame.kind === 'request' && frame.method === 'initialize' && !isModernRequest(frame.params))
      return await answerInitialize(gateway, post, caller, frame);
    const client = await clientOf(gateway, request, caller, frame);
    known.client = client;
    if (frame.kind === 'request') {
      const endpoint = endpointOf(post);
      return await answerRequest(gateway, { post, caller, owner: ownerOf(caller), client, frame, endpoint });
    }
    const session = client.era === 'legacy' ? client.session : undefined;
    if (frame.kind === 'response') gateway.questions.take(session, frame);
    else notified(gateway, { owner: ownerOf(caller), client }, frame);
    await reply.code(202).send();
  } catch (error) {
    await answerRefusal(gateway, post, known, error);
  }
};

const endpointOf = ({ server }: Post): string => (server === undefined ? 'mcp' : `mcp/${server}`);

const MEMBERS_MAX = 10_000;

const readBody = (gateway: Gateway, { request: { body } }: Post): Frame => {
  if (!(body instanceof Uint8Array)) throw new CountersignError('json_malformed', 'there is no body');
  const { request_bytes_max, json_depth_max } = gateway.config.limits;
  return readFrame(body, {
    bytes_max: request_bytes_max,
    depth_max: json_depth_max,
    members_max: MEMBERS_MAX,
  });
};

/** A modern client may ask for a method of that name too; it is unknown there. */
const isModernRequest = ({ _meta: meta }: JsonObject): boolean =>
  isJsonObject(meta) && META.protocolVersion in meta;

const answerInitialize = async (
  gateway: Gateway,
  post: Post,
  caller: Caller,
  { id, params }: RequestFrame,
): Promise<void> => {
  const { server, reply } = post;
  const { session, text } = newSession(gateway, caller, params);
  const result = await initializeResult(gateway, { server, groups: caller.groups }, session.protocolVersion);
  await recordSession(gateway, caller, endpointOf(post), session);
  await reply
    .header('content-type', 'application/json')
    .header('mcp-session-id', text)
    .send(resultFrame(id, Buffer.from(JSON.stringify(result))));
};

const answerRequest = async (gateway: Gateway, mcp: McpRequest): Promise<void> => {
  const { post, caller, client, frame } = mcp;
  const { method } = frame;
  if (client.era === 'modern') checkMirror(post.request.headers, frame);
  const send = async (result: JsonObject): Promise<void> => {
    await post.reply
      .header('content-type', 'application/json')
      .send(resultFrame(frame.id, Buffer.from(JSON.stringify(result))));
  };
  if ((client.era === 'modern' ? LEGACY_ONLY : MODERN_ONLY).has(method))
    throw new CountersignError('method_unknown', method);
  if (method === 'ping') return send({});
  if (method === 'server/discover') {
    const result = await discoverResult(gateway, { server: post.server, groups: caller.groups });
    await recordDiscovery(gateway, mcp);
    return send(result);
  }
  if (method === 'subscriptions/listen') return listen(gateway, mcp);
  if (isListMethod(method)) return send(await listItems(gateway, mcp, method));
  if (isGovernedMethod(method) && !NEVER_ASKED.has(method)) return answerCall(gateway, mcp, method);
  throw new CountersignError('method_unknown', method);
};

/** What a client tells without asking; unknown notifications are taken and mean nothing. */
const notified = (
  gateway: Gateway,
  mcp: Pick<McpRequest, 'owner' | 'client'>,
  { method, params: { requestId } }: NotificationFrame,
): void => {
  if (method !== 'notifications/cancelled') return;
  if (typeof requestId === 'string' || typeof requestId === 'number')
    gateway.inFlight.cancel(ownerKey(mcp), requestId);
};
