import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { ApprovalEvent, ApprovalReviewed } from '#core/approval/approval.events.js';
import type { ApprovalState } from '#core/approval/approval.state.js';
import { decideBreakGlass, decideReview } from '#core/approval/break-glass.js';
import type { Listed } from '#core/approval/listed.js';
import { CONFIG } from '#http/platform.module.js';
import { callerActor, recordingRefusals } from '#http/record-refusal.js';
import type { RestCaller } from '#http/rest-caller.js';
import type { Door } from './acts.js';
import { Approvals, INSTANCE } from './approvals.js';
import { VisibleApprovals } from './visible-approvals.js';
import { voterOf } from './voter.js';

interface Acting {
  readonly where: Door;
  readonly reason?: string | undefined;
}

/** Break-glass and its review, the same at every door. A refused attempt is on record before it is answered (promise G6). */
@Injectable()
export class Emergency {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(VisibleApprovals) private readonly visible: VisibleApprovals,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws CountersignError of `decideBreakGlass`, approval_unavailable, ledger_* */
  breakGlass(
    caller: RestCaller,
    approvalId: string,
    { where, digest, reason }: Acting & { readonly digest?: string | undefined },
  ): Promise<Listed> {
    const voter = voterOf(this.config, caller);
    return this.act(caller, approvalId, { act: 'break-glass', where }, (state, now) =>
      decideBreakGlass(state, { ...voter, digest, reason, now }),
    );
  }

  /** @throws CountersignError of `decideReview`, approval_unavailable, ledger_* */
  review(
    caller: RestCaller,
    approvalId: string,
    { where, verdict, reason }: Acting & { readonly verdict: ApprovalReviewed['data']['verdict'] },
  ): Promise<Listed> {
    const voter = voterOf(this.config, caller);
    return this.act(caller, approvalId, { act: 'review', where }, (state, now) =>
      decideReview(state, { ...voter, verdict, reason, now }),
    );
  }

  private act(
    caller: RestCaller,
    approvalId: string,
    { act, where }: { readonly act: string; readonly where: Door },
    decide: (state: ApprovalState, now: string) => readonly ApprovalEvent[],
  ): Promise<Listed> {
    const about = { approvalId: approvalId.slice(0, 100), act };
    return recordingRefusals(this.bus, INSTANCE, { where, caller, about }, async () => {
      await this.visible.toActOn(caller, approvalId);
      await this.approvals.execute(approvalId, callerActor(caller), decide);
      return this.visible.one(caller, approvalId);
    });
  }
}
