import { type CountersignError, ERRORS } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { RequestId } from '#mcp/frame.js';
import { rawErrorFrame, resultFrame } from '#mcp/frame-write.js';
import { callSeconds, callsTotal } from '#telemetry/metrics.js';
import { BudgetExceeded } from '../budgets.js';
import type { CallRequest } from '../call/call.js';
import { ApprovalPending } from '../call/waiting/approval-pending.js';
import type { Gateway } from '../gateway.js';
import type { Released } from '../handle-call.js';
import type { HttpReply } from './http-reply.js';
import type { McpRequest } from './mcp-request.js';
import { recorded } from './recorded.js';
import { refusedCallFrame } from './refusal-result.js';
import { shownError } from './shown-error.js';
import { shownResult } from './shown-result.js';
import { waitingResult } from './waiting-result.js';

/** An answer that waits for the id of the request that gets it. */
export type Answer = (id: RequestId) => { readonly frame: Uint8Array; readonly status: number };

/** Runs the call to its end. Whatever goes wrong is an answer too, and on record. */
export const runCall = async (
  gateway: Gateway,
  mcp: McpRequest,
  call: CallRequest,
  release: () => Promise<Released>,
): Promise<Answer> => {
  const stop = callSeconds.startTimer();
  let outcome = 'released';
  try {
    const released = await release();
    const { bytes, kind } = released;
    if (kind === 'error') {
      const { bytes: error, status } = shownError(mcp.client, bytes);
      return (id) => ({ frame: rawErrorFrame(id, error), status });
    }
    const shown = released.shown ?? shownResult(gateway, mcp.owner, mcp.client, released);
    return (id) => ({ frame: resultFrame(id, shown), status: 200 });
  } catch (error) {
    const { caller, client, endpoint } = mcp;
    const refusal = await recorded(gateway, { where: endpoint, caller, method: call.method }, error);
    outcome = refusal.code;
    // Of no effect on a stream that is open already; its final message says the same.
    if (refusal instanceof ApprovalPending) {
      const waiting = waitingResult(gateway, mcp.owner, call, refusal);
      if (waiting !== undefined) return (id) => ({ frame: resultFrame(id, waiting), status: 200 });
    }
    const { resourceServer } = gateway;
    void mcp.post.reply.headers(resourceServer.challenge(refusal, resourceServer.mcp(mcp.post.server)));
    if (refusal instanceof BudgetExceeded && refusal.retryAfter_ms !== null)
      void mcp.post.reply.header('retry-after', Math.ceil(refusal.retryAfter_ms / 1_000));
    return (id) => ({
      frame: refusedCallFrame(id, call, client.era, refusal),
      status: statusOfCall(refusal),
    });
  } finally {
    stop();
    callsTotal.inc({ server: call.server, outcome });
  }
};

export const finish = (http: HttpReply, id: RequestId, answer: Answer): void => {
  const { frame, status } = answer(id);
  http.finish(frame, status);
};

export const progressTokenOf = ({ _meta: meta }: JsonObject): RequestId | undefined => {
  const token = isJsonObject(meta) ? meta['progressToken'] : undefined;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
};

/** Whose request it is, for cancelling it and for counting. */
export const ownerKey = ({ owner, client }: Pick<McpRequest, 'owner' | 'client'>): string =>
  `${owner}\n${client.era === 'legacy' ? (client.session?.id ?? '') : 'modern'}`;

/**
 * 503 and 429 say to any HTTP client that trying again may help, 403 with its challenge that another token would (MCP
 * basic/authorization, step-up); refusals of the call itself are ordinary answers.
 */
const statusOfCall = ({ code }: CountersignError): number =>
  ERRORS[code].http >= 429 || code === 'params_invalid' || code === 'scope_missing' ? ERRORS[code].http : 200;
