import { createHmac, randomUUID } from 'node:crypto';
import type { CallTarget, GovernedMethod } from '#core/call/target.js';
import { CountersignError } from '#core/errors.js';
import { canonicalJson, type Json, type JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { Caller } from '#identity/caller.js';
import { HOP_META, META } from '#mcp/meta.js';
import { requestMeta } from '#mcp/upstream/envelope.js';
import type { CallAnswer, UpstreamEra, UpstreamServer } from '#mcp/upstream/upstream.types.js';
import type { Sealed } from '#sealing/sealer.js';
import type { Gateway } from '../gateway.js';
import { type Client, forwardedCapabilities } from '../mcp/client.js';
import { GATEWAY_INFO } from '../mcp/gateway-info.js';
import type { Exchange } from './exchange.js';
import type { HeldCall } from './waiting/approval-pending.js';

/** The gateway answers by itself, in the era of the server, in place of the server. */
export interface Here {
  /** How long that may take, open questions counted. */
  readonly deadline_ms: number;
  /** @throws CountersignError which ends the call as failed */
  answer(exchange: Exchange): Promise<CallAnswer>;
}

/** A held call taken up again. `round`: how often its client came back with a state, this time counted; null for a task. */
export interface Resumed extends HeldCall {
  readonly round: number | null;
  /** Of the state: the revision by which its request waited. */
  readonly after?: number;
}

/** A governed request as it came in, its name already resolved to a server and that server's own name for it. */
export interface CallRequest {
  readonly caller: Caller;
  /** The caller's access token, for token exchange at an authorization server; never sent to an upstream, never recorded. */
  readonly token: string;
  readonly client: Client;
  /** "mcp" or "mcp/<server>". */
  readonly endpoint: string;
  readonly method: GovernedMethod;
  readonly server: string;
  readonly target: CallTarget;
  /** With the server's own name; handles of ours are already what the server gave us. */
  readonly params: JsonObject;
  /** For watching resources: who hears of them. */
  readonly subscriber?: string;
  /** For a request about a task: its id as the client knows it. */
  readonly shownTaskId?: string;
  /** Who follows the task that the server may make of this call; nobody, unless client and server agree in their era. */
  readonly taskFor?: 'client' | 'gateway';
  /** Set when no server can answer this: what its era has no method for, or what the gateway keeps itself. */
  readonly here?: Here;
  /** The call that asked for the input this one brings, and the approval that one ran under. */
  readonly continues?: { readonly callId: string; readonly approvalId: string | null };
  /** The held call that this one is again, by a state or a task of its client: no other approval is looked for. */
  readonly resumes?: Resumed;
  /** Made while another call of the same caller is under way, which counts as the one call of both. */
  readonly within?: true;
}

/** A call under way. `params` are the one canonical form: policy decides on them, the ledger keeps them, the upstream gets them. */
export interface Call extends CallRequest {
  readonly id: string;
  /** The name on record: a URI may hold personal data and stays in the sealed params. */
  readonly tool: string;
  /** The upstream as `paramsBytes` were written for; undefined while it was never reached. */
  readonly era: UpstreamEra | undefined;
  /** RFC 8785 bytes of the params as the upstream receives them. */
  readonly paramsBytes: Uint8Array;
  /** RFC 8785 text of the arguments that policy sees. */
  readonly argumentsText: string;
  readonly arguments: JsonObject;
  readonly wantsProgress: boolean;
  /** `paramsBytes`, sealed for the record; forwards name its commitment. */
  readonly sealedParams: Sealed;
}

/**
 * Gives the call its id and makes its canonical bytes, once. The caller's progress token is replaced by the call id,
 * which is unique at the upstream; what `_meta` says of one hop only is replaced by what the gateway says of the next.
 * @throws CountersignError params_invalid, masking_unavailable while there is no key to seal with
 */
export const openCall = (gateway: Gateway, request: CallRequest): Call => {
  const id = randomUUID();
  const { _meta: meta = {}, ...rest } = request.params;
  if (!isJsonObject(meta)) throw new CountersignError('params_invalid', '_meta is not an object');
  const server = gateway.catalog.server(request.server).upstream.server();
  const { progressToken, ...given } = meta as { readonly [key: string]: Json };
  const wantsProgress = typeof progressToken === 'string' || typeof progressToken === 'number';
  const kept = Object.entries(given).filter(([key]) => !HOP_META.has(key));
  const forwardedMeta = {
    ...Object.fromEntries(kept),
    ...(wantsProgress ? { progressToken: id } : {}),
    ...(server?.era === 'modern' ? hopMeta(server, request) : {}),
  };
  const params = {
    ...rest,
    ...(request.method === 'tools/call' ? { arguments: rest['arguments'] ?? {} } : {}),
    ...(Object.keys(forwardedMeta).length === 0 ? {} : { _meta: forwardedMeta }),
  };
  const paramsBytes = Buffer.from(canonicalJson(params));
  const { kind, name, args } = request.target;
  return {
    ...request,
    id,
    tool: kind === 'tool' || kind === 'prompt' ? name : request.method,
    era: server?.era,
    arguments: args,
    argumentsText: canonicalJson(args),
    paramsBytes,
    sealedParams: gateway.sealer().seal(paramsBytes),
    wantsProgress,
  };
};

/** The request's own log level and the capabilities of the client behind it, for an upstream of the modern era. */
const hopMeta = (server: UpstreamServer, { client, method, taskFor }: CallRequest): JsonObject => ({
  ...requestMeta(
    server,
    GATEWAY_INFO,
    forwardedCapabilities(client, taskFor !== undefined || method.startsWith('tasks/')),
  ),
  ...(client.logLevel !== undefined ? { [META.logLevel]: client.logLevel } : {}),
});

/** Finds the approval of an identical call: the same person, client, method, target, arguments and policy. Keyed, so it tells nothing. */
export const attachKey = (gateway: Gateway, call: Call, policyDigest: string): string => {
  const { issuer, subject, clientId } = call.caller;
  const identity = canonicalJson([
    issuer,
    subject,
    clientId,
    call.server,
    call.method,
    call.target.name,
    call.argumentsText,
    policyDigest,
  ]);
  return createHmac('sha256', gateway.callSecret).update('attach\n').update(identity).digest('base64url');
};

/** The nonce of a held call's digest. Derived, so that any replica can check the digest again at release. */
export const approvalNonce = (gateway: Gateway, callId: string): string =>
  createHmac('sha256', gateway.callSecret).update('nonce\n').update(callId).digest('base64url');
