import { CountersignError } from '#core/errors.js';
import type { Gateway } from '../gateway.js';
import { markOnRecord } from '../on-record.js';
import { boundDigest } from './bound-digest.js';
import type { Call } from './call.js';
import { type Decided, decide } from './decide.js';
import { isWanted } from './is-wanted.js';
import type { IntentReceipt } from './receipt.js';
import { type HeldAt, isPolicyStale, readCall, recordRelease, recordStale } from './record.js';
import { heldAt } from './record-repeated.js';
import { type Resolved, requireSame } from './resolve.js';
import type { HeldCall } from './waiting/approval-pending.js';

interface ToRelease extends HeldCall, Pick<HeldAt, 'repeated'> {}

const RELEASE_ATTEMPTS = 5;

/**
 * After a grant policy decides again on the same bytes, the digest is made again, and one append elects the forwarder. The
 * identical call may come again at that very moment: while nobody has ended the hold, it is tried once more.
 * @throws CountersignError call_denied, approval_stale, approval_expired, revision_conflict, *_unavailable
 */
export const release = async (
  gateway: Gateway,
  call: Call,
  tool: Resolved,
  held: ToRelease,
): Promise<{ receipt: IntentReceipt; decided: Decided }> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await releaseOnce(gateway, call, tool, held);
    } catch (error) {
      const isLost = error instanceof CountersignError && error.code === 'revision_conflict';
      if (!isLost || attempt === RELEASE_ATTEMPTS || (await heldAt(gateway, held.callId)) === undefined)
        throw error;
    }
  }
};

const releaseOnce = async (
  gateway: Gateway,
  call: Call,
  tool: Resolved,
  held: ToRelease,
): Promise<{ receipt: IntentReceipt; decided: Decided }> => {
  const decided = await decide(gateway, call);
  const recorded = await readCall(gateway, held.callId);
  const revision = recorded.length - 1;
  const refuse = async (code: 'call_denied' | 'approval_stale', reason: string): Promise<never> => {
    await recordStale(gateway, call, { ...held, revision }, decided, { code, reason });
    throw markOnRecord(new CountersignError(code, reason));
  };
  if (decided.decision.effect === 'deny') return refuse('call_denied', 'policy no longer allows it');
  const changed = await requireSame(gateway, call, tool).catch((error: CountersignError) => error);
  if (changed instanceof CountersignError && changed.code !== 'approval_stale') throw changed;
  if (changed instanceof CountersignError) return refuse('approval_stale', changed.detail ?? '');
  const digest = boundDigest(gateway, call, held.callId, tool, decided, held.expiresAt);
  if (digest !== held.digest)
    return refuse('approval_stale', 'policy, masking or the tool changed after the approval was asked for');
  if (decided.decision.effect === 'approval' && !isWanted(recorded, decided))
    return refuse('approval_stale', 'policy asks for another approval by now');
  const receipt = await recordRelease(gateway, call, { ...held, revision }, decided).catch(
    (error: unknown) => {
      // It was approved under the policy that has just decided once more.
      if (isPolicyStale(error))
        return refuse('approval_stale', 'another policy is active than was approved under');
      throw error;
    },
  );
  return { receipt, decided };
};
