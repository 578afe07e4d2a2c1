import type { z } from 'zod';
import { approvalFind, approvalRequest, approvalWithdraw } from '#contracts/approval.js';
import { ledgerAppend } from '#contracts/ledger.js';
import { maskingMask } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import { personOf } from '#identity/human.js';
import type { Gateway } from '../gateway.js';
import { markOnRecord } from '../on-record.js';
import { boundDigest } from './bound-digest.js';
import { approvalNonce, attachKey, type Call, type Resumed } from './call.js';
import type { Decided } from './decide.js';
import type { Exchange } from './exchange.js';
import type { IntentReceipt } from './receipt.js';
import { callAppend, ignoreConflict, lastRevision, recordHeld, toRecord } from './record.js';
import { type Repeated, recordRepeated, repeatedByTask } from './record-repeated.js';
import { refuseWith } from './refuse.js';
import { release } from './release.js';
import type { Resolved } from './resolve.js';
import { grantAsked } from './under-grant.js';
import { afterFirst } from './waiting/after-first.js';
import type { HeldCall } from './waiting/approval-pending.js';
import { isGranted, waitForGrant } from './waiting/wait-for-grant.js';
import { type WaitPlan, waitPlan } from './waiting/wait-plan.js';

/**
 * Holds a call until humans have decided, at most for the configured time. The identical call attaches to the same
 * approval. After a grant policy decides again on the same bytes, the digest is made again, and one append elects the
 * forwarder.
 * @throws ApprovalPending; CountersignError approval_denied, approval_expired, approval_stale, call_cancelled,
 *   revision_conflict, repeated_too_often, *_unavailable
 */
export const awaitApproval = async (
  gateway: Gateway,
  call: Call,
  tool: Resolved,
  decided: Decided,
  exchange: Exchange,
): Promise<{ receipt: IntentReceipt; decided: Decided }> => {
  const { held, at, unrecorded } = call.resumes
    ? await resume(gateway, call, call.resumes)
    : await attachOrHold(gateway, call, tool, decided, exchange);
  exchange.openStream();
  await waitForGrant(gateway, held, exchange, planOf(gateway, call), { round: call.resumes?.round ?? 0, at });
  return release(gateway, call, tool, { ...held, repeated: unrecorded });
};

/** A held call, and the revision by which this request waits for it: its state, if it gets one, names that. */
interface Joined extends Repeated {
  readonly held: HeldCall;
}

/** An executed task has its grant already; a look at it that fails is made again at the next `tasks/get`. */
const RESUMED_TASK: WaitPlan = { way: 'hold', hold_ms: 1_000, progress_ms: 10_000, rounds_max: 0 };

const planOf = (gateway: Gateway, { client, method, resumes, taskFor, wantsProgress }: Call): WaitPlan =>
  resumes?.round === null
    ? RESUMED_TASK
    : waitPlan(
        {
          era: client.era,
          client: client.info?.name,
          method,
          followsTasks: client.era === 'modern' ? client.capabilities.has('tasks') : taskFor === 'client',
          wantsProgress,
        },
        gateway.config.approvals,
      );

/** Of identical calls that come together the first one asks, and the others find what it has asked for. */
const attachOrHold = (
  gateway: Gateway,
  call: Call,
  tool: Resolved,
  decided: Decided,
  exchange: Exchange,
): Promise<Joined> => {
  const key = attachKey(gateway, call, decided.policyDigest);
  return afterFirst(gateway, key, () => findOrHold(gateway, call, tool, decided, exchange, key));
};

const findOrHold = async (
  gateway: Gateway,
  call: Call,
  tool: Resolved,
  decided: Decided,
  exchange: Exchange,
  key: string,
): Promise<Joined> => {
  const { found } = await gateway.bus
    .request(approvalFind, { attachKey: key })
    .catch(refuseWith(gateway, call, { tool: tool.entry, decided }));
  // Not before: a refusal of above has an HTTP status, which a stream has no place for.
  exchange.openStream();
  const repeated =
    found === null
      ? undefined
      : await recordRepeated(gateway, call, found, null, () => isGranted(gateway, found, 0));
  return found === null || repeated === undefined
    ? await hold(gateway, call, tool, decided, key)
    : { held: found, ...repeated };
};

/** @throws CountersignError params_invalid for a state that was used; how the approval ended; revision_conflict */
const resume = async (gateway: Gateway, call: Call, held: Resumed): Promise<Joined> => {
  const { round, after } = held;
  const state = round === null || after === undefined ? null : { round, after };
  const repeated =
    round === null
      ? await repeatedByTask(gateway, call, held)
      : await recordRepeated(gateway, call, held, state, () => isGranted(gateway, held, 0));
  if (repeated !== undefined) return { held, ...repeated };
  await isGranted(gateway, held, 0);
  throw markOnRecord(new CountersignError('revision_conflict', 'the call waits no more'));
};

const hold = async (
  gateway: Gateway,
  call: Call,
  tool: Resolved,
  decided: Decided,
  key: string,
): Promise<Joined> => {
  const { approval, profile, rules, says } = decided.decision;
  if (approval === null)
    throw new CountersignError('internal', 'policy asked for an approval without saying whose');
  const asked = gateway.now();
  const expiresAt = new Date(asked.getTime() + approval.expires_s * 1_000).toISOString();
  const digest = boundDigest(gateway, call, call.id, tool, decided, expiresAt);
  const grant = grantAsked(gateway, call, tool, decided);
  const held: HeldCall = { callId: call.id, approvalId: call.id, digest, expiresAt };
  const { masked } = await gateway.bus
    .request(maskingMask, { body: Buffer.from(call.argumentsText), surface: 'arguments', profile })
    .catch(refuseWith(gateway, call, { tool: tool.entry, decided }));
  const nonce = approvalNonce(gateway, call.id);
  const shown = gateway
    .sealer()
    .seal(Buffer.concat([Buffer.from('{"arguments":'), masked, Buffer.from(`,"nonce":"${nonce}"}`)]));
  const requirements = approval.requirements.map(({ by, count, or, escalate }) => ({
    by: [...by],
    count,
    ...(or && { or: or.map((other) => ({ by: [...other.by], count: other.count })) }),
    ...(escalate && { escalate: { after_s: escalate.after_s, to: [...escalate.to] } }),
  }));
  const at = await recordHeld(gateway, call, tool.digest, decided, {
    approvalId: held.approvalId,
    digest,
    expiresAt,
    requirements,
  });
  const requester = { ...personOf(call.caller), clientId: call.caller.clientId };
  try {
    await requestApproval(gateway, {
      approvalId: held.approvalId,
      callId: call.id,
      digest,
      attachKey: key,
      requester: { ...requester, agent: call.client.info?.name ?? '' },
      server: call.server,
      tool: call.tool,
      toolDigest: tool.boundDigest,
      policyDigest: decided.policyDigest,
      profileDigest: decided.profileDigest,
      requirements,
      distinct: approval.distinct !== false,
      ...(approval.break_glass && { breakGlass: approval.break_glass }),
      requestedAt: asked.toISOString(),
      rules: rules.map((id, index) => ({ id, says: says[index] ?? '' })),
      expiresAt,
      ...(grant && { grant }),
      shown: {
        sealed: shown.sealed,
        commit: shown.payload.commit,
        bytes: shown.payload.bytes,
        kid: shown.payload.kid,
      },
    });
  } catch (error) {
    // Held in the ledger but nobody can approve it: close it, so that the repeated call starts afresh.
    gateway.late.add(call.id, () => cancelHeld(gateway, call));
    throw error;
  }
  return { held, at };
};

const REQUEST_MS_MAX = 10_000;
const REQUEST_AGAIN_MS = 300;

/** The request is idempotent and the call is on record as held: an answer that was lost is asked for again for a while. */
const requestApproval = async (
  gateway: Gateway,
  request: z.input<typeof approvalRequest.request>,
): Promise<void> => {
  const until = performance.now() + REQUEST_MS_MAX;
  for (;;) {
    try {
      await gateway.bus.request(approvalRequest, request);
      return;
    } catch (error) {
      const isSilence = error instanceof CountersignError && error.code.endsWith('_unavailable');
      if (!isSilence || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, REQUEST_AGAIN_MS));
    }
  }
};

const cancelHeld = async (gateway: Gateway, call: Call): Promise<void> => {
  const reason = 'the approval could not be requested';
  await gateway.bus.request(approvalWithdraw, { approvalId: call.id, reason }).catch(ignoreUnknown);
  const events = [
    toRecord({ type: 'HoldEnded', v: 1, data: { approvalId: call.id, because: 'cancelled' } }),
    toRecord({ type: 'CallCancelled', v: 1, data: { reason } }),
  ];
  await gateway.bus
    .request(ledgerAppend, callAppend(gateway, call, call.id, await lastRevision(gateway, call.id), events))
    .catch(ignoreConflict);
};

const ignoreUnknown = (error: unknown): void => {
  if (!(error instanceof CountersignError) || error.code !== 'approval_unknown') throw error;
};
