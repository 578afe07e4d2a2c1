import { maskingResume } from '#contracts/masking.js';
import { targetOf } from '#core/call/target.js';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { CallRequest } from '../../../call/call.js';
import type { Exchange } from '../../../call/exchange.js';
import type { HeldCall } from '../../../call/waiting/approval-pending.js';
import type { Gateway } from '../../../gateway.js';
import { handleCall } from '../../../handle-call.js';
import type { McpRequest } from '../../mcp-request.js';
import { ownerKey } from '../../run-call.js';
import { silentExchange } from '../../silent-exchange.js';
import { tokenOf } from '../../to-call-request.js';
import { jsonOf } from '../about-task.js';

/** A look at a task waits so long for the call that it has started, so that a quick one is answered at once. */
const RUN_WAIT_MS = 2_000;

/**
 * Carries the approved call out, with the token of the requester who asks for its task now: whoever has lost access since
 * then runs nothing. Its params come from the record, and everything is checked and recorded as for the identical call sent
 * again; of several replicas one is elected. Fulfils when it has ended, or is still under way after a moment.
 */
export const resumeHeldTask = (
  gateway: Gateway,
  mcp: McpRequest,
  server: string,
  held: HeldCall,
): Promise<void> =>
  run(gateway, mcp, held.callId, async () => ({
    ...(await fromRecord(gateway, mcp, server, held.callId)),
    resumes: { ...held, round: null },
  }));

/** Takes answers to what the server asked to the server: a call that continues this one under its approval. */
export const continueHeldTask = (
  gateway: Gateway,
  mcp: McpRequest,
  server: string,
  { approvalId }: HeldCall,
  { callId, asked }: { readonly callId: string; readonly asked: JsonObject },
): Promise<void> => {
  const { inputResponses } = mcp.frame.params;
  if (!isJsonObject(inputResponses)) throw new CountersignError('params_invalid', 'inputResponses');
  const { requestState } = asked;
  return run(gateway, mcp, callId, async () => {
    const { params, ...call } = await fromRecord(gateway, mcp, server, callId);
    const { requestState: _used, ...again } = params;
    return {
      ...call,
      params: { ...again, inputResponses, ...(requestState === undefined ? {} : { requestState }) },
      continues: { callId, approvalId },
    };
  });
};

const run = (
  gateway: Gateway,
  mcp: McpRequest,
  callId: string,
  request: () => Promise<CallRequest>,
): Promise<void> =>
  gateway.heldTasks.run(callId, RUN_WAIT_MS, async () => {
    const { signal, end } = gateway.inFlight.begin(`${ownerKey(mcp)}\ntask`, callId);
    // Its client is not on the line while it runs, and need not be.
    const exchange: Exchange = { ...silentExchange(signal), isGone: () => false };
    await request()
      .then((call) => handleCall(gateway, call, exchange))
      .finally(end);
  });

const fromRecord = async (
  gateway: Gateway,
  { caller, client, endpoint, post }: McpRequest,
  server: string,
  callId: string,
): Promise<CallRequest> => {
  const { _meta, ...rest } = jsonOf((await gateway.bus.request(maskingResume, { callId })).params);
  const { progressToken: _gone, ...meta } = isJsonObject(_meta) ? _meta : {};
  const params = { ...rest, ...(Object.keys(meta).length === 0 ? {} : { _meta: meta }) };
  const target = targetOf('tools/call', params);
  if (target === undefined) throw new CountersignError('internal', 'recorded params of no tool call');
  return {
    caller,
    token: tokenOf(post.request.headers.authorization),
    client,
    endpoint,
    method: 'tools/call',
    server,
    target,
    params,
    ...(isJsonObject(rest['task']) ? { taskFor: 'client' as const } : {}),
  };
};
