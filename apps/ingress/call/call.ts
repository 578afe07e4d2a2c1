import { createHmac, randomUUID } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import { canonicalJson, type Json, type JsonObject } from '#core/evidence/canonical-json.js';
import type { Caller } from '#identity/caller.js';
import type { Sealed } from '#sealing/sealer.js';
import type { Gateway } from '../gateway.js';

/** A tools/call as it came in, its name already resolved to a server and that server's own tool name. */
export interface CallRequest {
  readonly caller: Caller;
  readonly agent: { readonly name: string; readonly version: string } | null;
  /** "mcp" or "mcp/<server>". */
  readonly endpoint: string;
  readonly protocol: string;
  /** Id of the session, for counting; undefined without one. */
  readonly session: string | undefined;
  readonly server: string;
  readonly tool: string;
  readonly params: JsonObject;
}

/** A call under way. `params` are the one canonical form: policy decides on them, the ledger keeps them, the upstream gets them. */
export interface Call extends CallRequest {
  readonly id: string;
  /** RFC 8785 bytes of the params as the upstream receives them. */
  readonly paramsBytes: Uint8Array;
  /** RFC 8785 text of the arguments; part of `paramsBytes`. */
  readonly argumentsText: string;
  readonly arguments: JsonObject;
  readonly wantsProgress: boolean;
  /** `paramsBytes`, sealed for the record; forwards name its commitment. */
  readonly sealedParams: Sealed;
}

/**
 * Gives the call its id and makes its canonical bytes, once. The caller's progress token is replaced by the call id,
 * which is unique at the upstream; everything else stays.
 * @throws CountersignError params_invalid, masking_unavailable while there is no key to seal with
 */
export const openCall = (gateway: Gateway, request: CallRequest): Call => {
  const id = randomUUID();
  const { arguments: given = {}, _meta: meta, ...rest } = request.params;
  if (!isObject(given)) throw new CountersignError('params_invalid', 'arguments is not an object');
  if (meta !== undefined && !isObject(meta))
    throw new CountersignError('params_invalid', '_meta is not an object');
  const { progressToken, ...kept } = (meta ?? {}) as { readonly [key: string]: Json };
  const wantsProgress = typeof progressToken === 'string' || typeof progressToken === 'number';
  const forwardedMeta = wantsProgress ? { ...kept, progressToken: id } : kept;
  const params = {
    ...rest,
    name: request.tool,
    arguments: given,
    ...(Object.keys(forwardedMeta).length === 0 ? {} : { _meta: forwardedMeta }),
  };
  const paramsBytes = Buffer.from(canonicalJson(params));
  return {
    ...request,
    id,
    arguments: given,
    argumentsText: canonicalJson(given),
    paramsBytes,
    sealedParams: gateway.sealer().seal(paramsBytes),
    wantsProgress,
  };
};

/** Finds the approval of an identical call: the same person, client, tool, arguments and policy. Keyed, so it tells nothing. */
export const attachKey = (gateway: Gateway, call: Call, policyDigest: string): string => {
  const { issuer, subject, clientId } = call.caller;
  const identity = canonicalJson([
    issuer,
    subject,
    clientId,
    call.server,
    call.tool,
    call.argumentsText,
    policyDigest,
  ]);
  return createHmac('sha256', gateway.callSecret).update('attach\n').update(identity).digest('base64url');
};

/** The nonce of a held call's digest. Derived, so that any replica can check the digest again at release. */
export const approvalNonce = (gateway: Gateway, callId: string): string =>
  createHmac('sha256', gateway.callSecret).update('nonce\n').update(callId).digest('base64url');

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
