import { CountersignError } from '#core/errors.js';
import { awaitApproval } from './call/await-approval.js';
import { type Call, type CallRequest, openCall } from './call/call.js';
import { type Decided, decide } from './call/decide.js';
import type { Exchange } from './call/exchange.js';
import { forward, type Returned } from './call/forward.js';
import { approvedTool, withinBudgets } from './call/let-in.js';
import { mask } from './call/mask.js';
import { completedEvents, unfinishedEvents, unmaskableEvents } from './call/outcome.js';
import type { IntentReceipt } from './call/receipt.js';
import { recordIntent, recordOutcome } from './call/record.js';
import { refuse, refuseWith } from './call/refuse.js';
import type { CatalogEntry as CatalogTool } from './catalog/catalog.types.js';
import type { Gateway } from './gateway.js';
import { markOnRecord } from './on-record.js';

/** What the caller gets: masked bytes of a result or error object, ready to be framed. */
export interface Released {
  readonly callId: string;
  readonly kind: 'result' | 'error';
  readonly bytes: Uint8Array;
}

/**
 * One tool call, from canonical bytes to released bytes, in this order and no other. Receiving and authenticating come
 * before (mcp/handle-post.ts). Every way out is on record before it is taken.
 * @throws CountersignError with the stable code of the gate that refused
 */
export const handleCall = async (
  gateway: Gateway,
  request: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const call = openCall(gateway, request); //                                             canonical bytes, made once
  const lease = await withinBudgets(gateway, call); //                                    not too many, not too large
  try {
    const tool = await approvedTool(gateway, call); //                                      the tool as it is in the catalog, approved
    const decision = await decideOrRefuse(gateway, call, tool); //                          deny by default
    const {
      receipt,
      decided,
    } = //                                                         durable before effect (G1) ...
      decision.decision.effect === 'allow'
        ? { receipt: await recordIntent(gateway, call, tool.digest, decision), decided: decision }
        : await awaitApproval(gateway, call, tool, decision, exchange); //                  ... and approved, if it must be (G5)
    const returned = await forward(gateway, call, receipt, exchange, lease.resultBytesMax); // at most once (G4)
    if ('bytes' in returned) lease.result(returned.bytes.length);
    return await release(gateway, call, receipt, decided, returned); //                           masked, durable, then disclosed (G2)
  } finally {
    lease.end();
  }
};

const decideOrRefuse = async (gateway: Gateway, call: Call, tool: CatalogTool): Promise<Decided> => {
  const decided = await decide(gateway, call).catch(refuseWith(gateway, call, { tool, decided: null }));
  if (decided.decision.effect !== 'deny') return decided;
  const { rules, says } = decided.decision;
  const reason =
    rules.length === 0
      ? 'no rule allows it'
      : rules.map((id, index) => `${id}: ${says[index] ?? ''}`).join('; ');
  return refuse(gateway, call, { tool, decided }, 'call_denied', reason);
};

/** Masks, records and only then hands over; an answer that cannot be masked or recorded is not released. */
const release = async (
  gateway: Gateway,
  call: Call,
  receipt: IntentReceipt,
  decided: Decided,
  returned: Returned,
): Promise<Released> => {
  if (returned.kind === 'failed' || returned.kind === 'unknown') {
    await recordOutcome(gateway, call, receipt, unfinishedEvents(returned));
    throw markOnRecord(returned.kind === 'failed' ? returned.error : unknownOutcome(returned.error.reason));
  }
  const masked = await mask(gateway, decided, returned).catch(async (error: Error) => {
    await recordOutcome(gateway, call, receipt, unmaskableEvents(gateway, returned, error));
    throw markOnRecord(error);
  });
  await recordOutcome(gateway, call, receipt, completedEvents(gateway, decided, returned, masked));
  return { callId: receipt.callId, kind: returned.kind, bytes: masked.masked };
};

const unknownOutcome = (reason: string): CountersignError =>
  reason === 'cancelled'
    ? new CountersignError('call_cancelled', 'the upstream had the call already')
    : new CountersignError(reason === 'timeout' ? 'upstream_timeout' : 'outcome_unknown', reason);
