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

  /**
   * Cancels the held call before its approval is withdrawn, so that no call is forwarded under an approval that its
   * requester has taken back. @throws CountersignError approval_closed when the call was forwarded first
   */
  async beforeWithdrawal(approvalId: string, approval: KnownApproval, reason: string): Promise<void> {
    const end = endOf(approvalId, { ...approval, status: 'withdrawn', reason });
    if (end === undefined) return;
    for (let attempt = 0; attempt < CLOSE_ATTEMPTS; attempt++) {
      const standing = await this.close(approval.request.callId, end);
      if (standing === 'forwarded') throw new CountersignError('approval_closed', 'it is used');
      if (standing === 'closed') return;
    }
    throw new CountersignError('revision_conflict', 'the call changes all the time');
  }

  private async close(callId: string, end: CallEnd): Promise<'closed' | 'forwarded' | 'changed'> {
    const stream = callStream(callId);
    const { events } = await this.bus.request(ledgerReadStream, { stream });
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
      // A repeated call or the ingress was faster; the follower sees what happened.
      if (!(error instanceof CountersignError) || error.code !== 'revision_conflict') throw error;
      return 'changed';
    }
  }
}

const endOf = (approvalId: string, { status, reason = '' }: KnownApproval): CallEnd | undefined => {
  const ended = (because: HoldEnded['data']['because']): HoldEnded => ({
    type: 'HoldEnded',
    v: 1,
    data: { approvalId, because },
  });
  switch (status) {
    case 'denied':
      return [ended('denied'), { type: 'CallDenied', v: 1, data: { code: 'approval_denied', reason } }];
    case 'expired':
      return [
        ended('expired'),
        {
          type: 'CallDenied',
          v: 1,
          data: { code: 'approval_expired', reason: 'nobody approved it in time' },
        },
      ];
    case 'withdrawn':
      return [ended('cancelled'), { type: 'CallCancelled', v: 1, data: { reason } }];
    default:
      return undefined;
  }
};
