import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { ledgerAppend, ledgerReadStream } from '#contracts/ledger.js';
import type { KnownApproval } from '#core/approval/approval.state.js';
import { type CallCancelled, type CallDenied, callStream, type HoldEnded } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import { APPROVAL_SERVICE } from './approvals.js';

const CLOSE_ATTEMPTS = 5;
type CallEnd = readonly [HoldEnded, CallDenied | CallCancelled];

/** When an approval ends without a grant, so does its call: nobody may be waiting for it any more to say so. */
@Injectable()
export class CloseCall {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  async afterApproval(approvalId: string, approval: KnownApproval): Promise<void> {
    const end = endOf(approvalId, approval);
    if (end !== undefined) await this.close(approval.request.callId, end);
  }

  /** A call that was held for an approval which was never asked for: its ingress stopped between the two. */
  async unasked(approvalId: string, callId: string): Promise<void> {
    await this.close(callId, expiredEnd(approvalId));
  }

  /**
   * Ends the held call before its approval is withdrawn or expires: the ledger looks at the approval and then stores the
   * forward, and an end that came between the two would say of a call that ran that it never did. A crash behind this
   * leaves an open approval of a call that has ended; the next look at it ends it as well.
   * @returns `forwarded` when the call was forwarded first: its approval is used, and nothing is left to end
   */
  async before(
    approvalId: string,
    approval: KnownApproval,
    status: 'withdrawn' | 'expired',
    reason = '',
  ): Promise<'closed' | 'forwarded'> {
    const end = status === 'expired' ? expiredEnd(approvalId) : withdrawnEnd(approvalId, reason);
    return this.close(approval.request.callId, end);
  }

  /** Tries again when a repeated call or the ingress was faster: a call that nobody ends would be held for ever. */
  private async close(callId: string, end: CallEnd): Promise<'closed' | 'forwarded'> {
    for (let attempt = 0; attempt < CLOSE_ATTEMPTS; attempt++) {
      const standing = await this.closeOnce(callId, end);
      if (standing !== 'changed') return standing;
    }
    throw new CountersignError('revision_conflict', 'the call changes all the time');
  }

  private async closeOnce(callId: string, end: CallEnd): Promise<'closed' | 'forwarded' | 'changed'> {
    const stream = callStream(callId);
    const { events } = await this.bus.request(ledgerReadStream, { stream, attachments: false });
    const last = events.at(-1);
    if (last === undefined || (last.type !== 'CallHeld' && last.type !== 'CallRepeated'))
      return events.some(({ type }) => type === 'ForwardIntended') ? 'forwarded' : 'closed';
    const command = buildAppend(
      {
        stream,
        expected: last.revision,
        time: new Date().toISOString(),
        actor: APPROVAL_SERVICE,
        correlation: callId,
        causation: last.id,
        newId: randomUUID,
      },
      end.map((event) => ({ event })),
    );
    try {
      await this.bus.request(ledgerAppend, command);
      return 'closed';
    } catch (error) {
      if (!(error instanceof CountersignError) || error.code !== 'revision_conflict') throw error;
      return 'changed';
    }
  }
}

const ended = (approvalId: string, because: HoldEnded['data']['because']): HoldEnded => ({
  type: 'HoldEnded',
  v: 1,
  data: { approvalId, because },
});

const denied = (code: CallDenied['data']['code'], reason: string): CallDenied => ({
  type: 'CallDenied',
  v: 1,
  data: { code, reason },
});

const expiredEnd = (approvalId: string): CallEnd => [
  ended(approvalId, 'expired'),
  denied('approval_expired', 'nobody approved it in time'),
];

const withdrawnEnd = (approvalId: string, reason: string): CallEnd => [
  ended(approvalId, 'cancelled'),
  { type: 'CallCancelled', v: 1, data: { reason } },
];

const endOf = (approvalId: string, { status, reason = '' }: KnownApproval): CallEnd | undefined => {
  switch (status) {
    case 'denied':
      return [ended(approvalId, 'denied'), denied('approval_denied', reason)];
    case 'expired':
      return expiredEnd(approvalId);
    case 'withdrawn':
      return withdrawnEnd(approvalId, reason);
    default:
      return undefined;
  }
};
