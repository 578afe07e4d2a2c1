import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { Answers } from '#bus/answers.js';
import type { Config } from '#config/config.schema.js';
import {
  approvalAwait,
  approvalFind,
  approvalFindGrant,
  approvalRequest,
  approvalWithdraw,
} from '#contracts/approval.js';
import type { ApprovalRequested } from '#core/approval/approval.events.js';
import type { ApprovalState } from '#core/approval/approval.state.js';
import { decideRequest, decideWithdrawal } from '#core/approval/decide-approval.js';
import { remindersWithin } from '#core/approval/reminder.js';
import { CountersignError } from '#core/errors.js';
import type { Actor } from '#core/evidence/entry.js';
import { CONFIG } from '#http/platform.module.js';
import { APPROVAL_SERVICE, Approvals } from '../approvals.js';
import { CloseCall } from '../close-call.js';
import { Directory } from '../directory.js';
import { Expiry } from '../expiry.js';
import { FollowLog } from '../follow-log.js';

type RequestMessage = z.output<typeof approvalRequest.request>;

@Controller()
export class ApprovalBus {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(FollowLog) private readonly log: FollowLog,
    @Inject(Expiry) private readonly expiry: Expiry,
    @Inject(CloseCall) private readonly closeCall: CloseCall,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Answers(approvalRequest)
  async request({ approvalId, shown, requester, ...data }: RequestMessage) {
    const { clientId, ...person } = requester;
    const reminders_s = remindersWithin(this.config.approvals.reminders_s, data);
    const request: Omit<ApprovalRequested, 'type' | 'v'> = {
      data: {
        ...data,
        requester: { ...person, client: clientId },
        ...(reminders_s !== undefined && { reminders_s }),
      },
      payload: { commit: shown.commit, bytes: shown.bytes, kid: shown.kid },
    };
    const actor: Actor = {
      kind: 'caller',
      principal: person.principal,
      issuer: person.issuer,
      subject: person.subject,
      client: clientId,
    };
    const state = await this.approvals.execute(
      approvalId,
      actor,
      (current) => decideRequest(current, request),
      shown.sealed,
    );
    // Nobody waits for a timer: what cannot be set now is set by the next sweep.
    if (state.status !== 'none') void this.expiry.schedule(approvalId, state);
    return standing(approvalId, state);
  }

  @Answers(approvalFind)
  find({ attachKey }: { attachKey: string }) {
    this.log.requireCaughtUp();
    const listed = this.directory.findOpen(attachKey, new Date().toISOString());
    if (listed === undefined) return { found: null };
    const { callId, digest, expiresAt } = listed.approval.request;
    return { found: { approvalId: listed.approvalId, callId, digest, expiresAt } };
  }

  @Answers(approvalFindGrant)
  findGrant({ attachKey, grantKey }: { attachKey: string; grantKey: string }) {
    this.log.requireCaughtUp();
    const now = new Date().toISOString();
    const own = this.directory.findOpen(attachKey, now);
    return { approvalId: own === undefined ? (this.directory.grants.find(grantKey, now) ?? null) : null };
  }

  @Answers(approvalAwait)
  async await({ approvalId, wait_ms }: { approvalId: string; wait_ms: number }) {
    this.log.requireCaughtUp();
    const found = await this.approvals.find(approvalId);
    const current = this.directory.get(approvalId) ?? found;
    const isPending = current?.approval.status === 'pending';
    // Also where the log has not told this replica of it yet: whoever asks asks again at once.
    if (isPending) await this.directory.change(approvalId, wait_ms);
    const listed = isPending ? await this.approvals.find(approvalId) : current;
    return standing(approvalId, listed?.approval ?? { status: 'none' });
  }

  @Answers(approvalWithdraw)
  async withdraw({ approvalId, reason }: { approvalId: string; reason: string }) {
    const known = await this.approvals.read(approvalId);
    const isOpen = known.status === 'pending' || known.status === 'granted';
    // Whoever cancels after another replica has forwarded withdraws nothing.
    if (isOpen && (await this.closeCall.before(approvalId, known, 'withdrawn', reason)) === 'forwarded')
      return { ...standing(approvalId, known), status: 'used' as const };
    const state = await this.approvals.execute(approvalId, APPROVAL_SERVICE, (current) =>
      decideWithdrawal(current, reason),
    );
    if (state.status !== 'none') await this.closeCall.afterApproval(approvalId, state);
    return standing(approvalId, state);
  }
}

const standing = (approvalId: string, state: ApprovalState) => {
  if (state.status === 'none') throw new CountersignError('approval_unknown', approvalId);
  return {
    approvalId,
    status: state.status,
    decidedBy: state.votes.map((vote) => vote.approver.principal),
    ...(state.reason === undefined ? {} : { reason: state.reason }),
  };
};
