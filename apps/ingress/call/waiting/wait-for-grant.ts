import { approvalAwait, approvalWithdraw } from '#contracts/approval.js';
import { CountersignError } from '#core/errors.js';
import type { Gateway } from '../../gateway.js';
import { markOnRecord } from '../../on-record.js';
import type { Exchange } from '../exchange.js';
import { ApprovalPending, type HeldCall } from './approval-pending.js';
import type { WaitPlan } from './wait-plan.js';

/** How long one look at the approval takes at most; also the pace at which a lost connection is noticed. */
const LOOK_MS = 1_000;

/**
 * Returns once the approval is granted. @param joined how often the client has come back already, and by which revision it waits now
 * @throws ApprovalPending when the client must come back; CountersignError approval_denied, approval_expired, call_cancelled
 */
export const waitForGrant = async (
  gateway: Gateway,
  held: HeldCall,
  exchange: Exchange,
  plan: WaitPlan,
  { round, at }: { readonly round: number; readonly at: number },
): Promise<void> => {
  if (plan.way === 'task') {
    if (await isGranted(gateway, held, 0)) return;
    throw markOnRecord(new ApprovalPending(held, { way: 'task' }));
  }
  const { hold_ms, progress_ms, rounds_max } = plan;
  const started = performance.now();
  let nextProgress = 0;
  for (let step = 1; ; ) {
    await withdrawIfCancelled(gateway, held, exchange);
    const waited = performance.now() - started;
    if (waited >= hold_ms || exchange.isGone())
      throw markOnRecord(
        new ApprovalPending(
          held,
          round < rounds_max ? { way: 'round', round: round + 1, after: at } : { way: 'again' },
        ),
      );
    if (waited >= nextProgress) {
      exchange.progress({ progress: step++, message: `waiting for approval ${held.approvalId}` });
      exchange.keepAlive();
      nextProgress = waited + progress_ms;
    }
    const wait_ms = Math.max(1, Math.min(LOOK_MS, Math.ceil(hold_ms - waited)));
    if (await isGranted(gateway, held, wait_ms)) return;
  }
};

const withdrawIfCancelled = async (gateway: Gateway, held: HeldCall, exchange: Exchange): Promise<void> => {
  if (!exchange.cancelled.aborted) return;
  const { approvalId } = held;
  await gateway.bus.request(approvalWithdraw, { approvalId, reason: 'cancelled by the caller' });
  throw markOnRecord(new CountersignError('call_cancelled'));
};

/**
 * One look at the approval. False while it is pending, and while the approval service is away: the approval is in the log.
 * @throws CountersignError approval_denied, approval_expired, call_cancelled
 */
export const isGranted = async (gateway: Gateway, held: HeldCall, wait_ms: number): Promise<boolean> => {
  let standing: { status: string; reason?: string | undefined };
  try {
    standing = await gateway.bus.request(approvalAwait, { approvalId: held.approvalId, wait_ms });
  } catch {
    await new Promise((resolve) => setTimeout(resolve, wait_ms));
    return false;
  }
  switch (standing.status) {
    case 'pending':
      return false;
    case 'granted':
    case 'used':
      return true;
    case 'denied':
      throw markOnRecord(new CountersignError('approval_denied', standing.reason));
    case 'withdrawn':
      throw markOnRecord(new CountersignError('call_cancelled', standing.reason));
    default:
      throw markOnRecord(new CountersignError('approval_expired'));
  }
};
