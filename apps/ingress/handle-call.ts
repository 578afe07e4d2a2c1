import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import { admitQuestions } from './call/ask-client.js';
import { awaitApproval } from './call/await-approval.js';
import { type Call, type CallRequest, openCall } from './call/call.js';
import { type Decided, decide } from './call/decide.js';
import type { Exchange } from './call/exchange.js';
import { forward, type Returned } from './call/forward.js';
import { ForwardedCall } from './call/forwarded-call.js';
import { type Input, inputOf } from './call/input-required.js';
import { withinBudgets } from './call/let-in.js';
import { mask } from './call/mask.js';
import { completedEvents, unfinishedEvents, unmaskableEvents } from './call/outcome.js';
import type { IntentReceipt } from './call/receipt.js';
import { isPolicyStale, recordIntent } from './call/record.js';
import { refuse, refuseWith } from './call/refuse.js';
import { requireScopes } from './call/require-scopes.js';
import { type Resolved, resolve } from './call/resolve.js';
import { intendUnderGrant } from './call/under-grant.js';
import { wantedLinks } from './call/wanted-links.js';
import type { Gateway } from './gateway.js';
import { markOnRecord } from './on-record.js';

/** What the caller gets: masked bytes of a result or error object, ready to be framed. */
export interface Released {
  readonly call: Call;
  /** The call on record; that of the held call for one that was repeated. */
  readonly callId: string;
  readonly approvalId: string | null;
  readonly kind: 'result' | 'error';
  readonly bytes: Uint8Array;
  /** The upstream needs more input, or has made a task of it (MCP 2026-07-28). */
  readonly input: Input | null;
  /** The result as the client gets it, where it is more than `bytes` in the client's era: made of several calls. */
  readonly shown?: Uint8Array;
}

/**
 * One governed request, from canonical bytes to released bytes, in this order and no other. Receiving and authenticating
 * come before (mcp/handle-post.ts). Every way out is on record before it is taken.
 * @throws CountersignError with the stable code of the gate that refused
 */
export const handleCall = async (
  gateway: Gateway,
  request: CallRequest,
  exchange: Exchange,
): Promise<Released> => {
  const call = openCall(gateway, request); //                             canonical bytes, made once
  const lease = await withinBudgets(gateway, call); //                    not too many, not too large
  try {
    const target = await resolve(gateway, call); //                       as it is pinned in the catalog
    const { receipt, decided } = await admit(gateway, call, target, exchange); // durable before effect (G1), approved (G5)
    const forwarded = new ForwardedCall(gateway, call, receipt); //       at most once (G4)
    const { resultBytesMax } = lease;
    const returned = await forward(gateway, call, target.entry, decided, forwarded, exchange, resultBytesMax);
    if ('bytes' in returned) lease.result(returned.bytes.length);
    return await release(gateway, call, forwarded, decided, returned); // masked, durable, then disclosed (G2)
  } finally {
    lease.end();
  }
};

interface Admitted {
  readonly receipt: IntentReceipt;
  readonly decided: Decided;
}

/**
 * Denied by default. What the ledger refuses because another policy is active by now is decided once more, by that one; none
 * of the call was stored then.
 */
const admit = async (
  gateway: Gateway,
  call: Call,
  target: Resolved,
  exchange: Exchange,
): Promise<Admitted> => {
  const first = await decideOrRefuse(gateway, call, target);
  return intend(gateway, call, target, first, exchange).catch(async (error: unknown) => {
    if (!isPolicyStale(error)) throw error;
    const decided = await decideOrRefuse(gateway, call, target, first.policyDigest);
    return intend(gateway, call, target, decided, exchange).catch((again: unknown) => {
      if (!isPolicyStale(again)) throw again;
      return refuse(
        gateway,
        call,
        { tool: target.entry, decided },
        'policy_stale',
        'another policy is active',
      );
    });
  });
};

const intend = async (
  gateway: Gateway,
  call: Call,
  target: Resolved,
  decided: Decided,
  exchange: Exchange,
): Promise<Admitted> =>
  decided.decision.effect === 'allow' && !isOfApproval(call)
    ? { receipt: await recordIntent(gateway, call, target.digest, decided, null), decided }
    : approve(gateway, call, target, decided, exchange);

/**
 * What goes on with a held or an approved call is never a call of its own, whatever policy says by now: the claim of that call
 * is what lets it run once.
 */
const isOfApproval = ({ continues, resumes }: Call): boolean =>
  resumes !== undefined || (continues !== undefined && continues.approvalId !== null);

/**
 * A continuation runs under the approval of the call it continues, and a call under a grant under that of another one; the
 * ledger checks that it may.
 */
const approve = async (
  gateway: Gateway,
  call: Call,
  target: Resolved,
  decided: Decided,
  exchange: Exchange,
): Promise<Admitted> => {
  const approvalId = call.continues?.approvalId ?? null;
  if (approvalId !== null) return continueApproved(gateway, call, target, decided, approvalId);
  // A call that goes on waiting belongs to its own approval.
  const granted = call.resumes ? undefined : await intendUnderGrant(gateway, call, target, decided);
  return granted ?? awaitApproval(gateway, call, target, decided, exchange);
};

/** What the ledger refuses to continue is refused on record: none of the call was stored then. */
const continueApproved = async (
  gateway: Gateway,
  call: Call,
  target: Resolved,
  decided: Decided,
  approvalId: string,
): Promise<Admitted> => {
  try {
    return { receipt: await recordIntent(gateway, call, target.digest, decided, approvalId), decided };
  } catch (error) {
    const refused = error instanceof CountersignError && CONTINUATION_REFUSED.has(error.code);
    if (!refused) throw error;
    return refuse(gateway, call, { tool: target.entry, decided }, error.code, error.detail ?? '');
  }
};

const CONTINUATION_REFUSED: ReadonlySet<string> = new Set([
  'approval_stale',
  'approval_expired',
  'revision_conflict',
]);

const decideOrRefuse = async (
  gateway: Gateway,
  call: Call,
  target: Resolved,
  stale?: Digest,
): Promise<Decided> => {
  const decided = await decide(gateway, call, stale).catch(
    refuseWith(gateway, call, { tool: target.entry, decided: null }),
  );
  if (decided.decision.effect !== 'deny') {
    await requireScopes(gateway, call, { tool: target.entry, decided });
    return decided;
  }
  const { rules, says } = decided.decision;
  const reason =
    rules.length === 0
      ? 'no rule allows it'
      : rules.map((id, index) => `${id}: ${says[index] ?? ''}`).join('; ');
  return refuse(gateway, call, { tool: target.entry, decided }, 'call_denied', reason);
};

/** Masks, records and only then hands over; an answer that cannot be masked or recorded is not released. */
const release = async (
  gateway: Gateway,
  call: Call,
  forwarded: ForwardedCall,
  decided: Decided,
  returned: Returned,
): Promise<Released> => {
  if (returned.kind === 'failed' || returned.kind === 'unknown') {
    await forwarded.recordOutcome(unfinishedEvents(returned));
    throw markOnRecord(returned.kind === 'failed' ? returned.error : unknownOutcome(returned.error.reason));
  }
  const withheld = async (error: Error): Promise<never> => {
    await forwarded.recordOutcome(unmaskableEvents(gateway, returned, error));
    throw markOnRecord(error);
  };
  const input = returned.kind === 'result' ? inputOf(call, returned.bytes) : null;
  const questions = returned.kind === 'error' ? wantedLinks(returned.bytes) : (input?.questions ?? []);
  await admitQuestions(gateway, call, decided, forwarded, questions).catch(withheld);
  const masked = await mask(gateway, decided, returned).catch(withheld);
  await forwarded.recordOutcome(completedEvents(gateway, decided, returned, masked, input?.kind ?? null));
  const { callId, approvalId } = forwarded.receipt;
  return { call, callId, approvalId, kind: returned.kind, bytes: masked.masked, input };
};

const unknownOutcome = (reason: string): CountersignError =>
  reason === 'cancelled'
    ? new CountersignError('call_cancelled', 'the upstream had the call already')
    : new CountersignError(reason === 'timeout' ? 'upstream_timeout' : 'outcome_unknown', reason);
