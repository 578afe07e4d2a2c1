import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { ApprovalState } from '#core/approval/approval.state.js';
import { decideVote } from '#core/approval/decide-approval.js';
import type { Listed } from '#core/approval/listed.js';
import { CountersignError } from '#core/errors.js';
import { CONFIG } from '#http/platform.module.js';
import { callerActor, recordingRefusals } from '#http/record-refusal.js';
import type { RestCaller } from '#http/rest-caller.js';
import type { Door } from './acts.js';
import { Approvals, INSTANCE } from './approvals.js';
import { CloseCall } from './close-call.js';
import { ActingFor, useOf } from './delegation/acting.js';
import { Delegations } from './delegation/delegations.js';
import { VisibleApprovals } from './visible-approvals.js';
import { voterOf } from './voter.js';

export interface Ballot {
  readonly approvalId: string;
  readonly vote: 'approve' | 'deny';
  /** The one that was shown. */
  readonly digest: string | undefined;
  readonly reason: string | undefined;
  /** Vote by this delegation. Absent: in person, or by a delegation where the own roles may not vote. */
  readonly delegation?: string | undefined;
  readonly where: Door;
}

/** The one way to vote, whichever door it came through. */
@Injectable()
export class Voting {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(VisibleApprovals) private readonly visible: VisibleApprovals,
    @Inject(ActingFor) private readonly acting: ActingFor,
    @Inject(Delegations) private readonly delegations: Delegations,
    @Inject(CloseCall) private readonly closeCall: CloseCall,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * A vote with the roles that the caller has now, or has by a delegation. A refused one is on record before it is answered
   * (promise G6). To who may not see the approval it does not exist.
   * @throws CountersignError of `decideVote` and `checkUse`, approval_unavailable, ledger_*
   */
  async vote(caller: RestCaller, ballot: Ballot): Promise<Listed> {
    const { approvalId, vote, where } = ballot;
    const about = { approvalId: approvalId.slice(0, 100), vote };
    return recordingRefusals(this.bus, INSTANCE, { where, caller, about }, async () => {
      const seen = await this.visible.toActOn(caller, approvalId);
      const decide = await this.decider(caller, ballot, seen);
      const state = await this.approvals.execute(approvalId, callerActor(caller), decide);
      if (state.status === 'denied') await this.closeCall.afterApproval(approvalId, state);
      const listed = await this.approvals.find(approvalId);
      if (listed === undefined) throw new CountersignError('approval_unknown');
      return listed;
    });
  }

  /** What is refused on what is known already costs no use of a delegation. */
  private async decider(caller: RestCaller, ballot: Ballot, listed: Listed) {
    const { vote, digest, reason, delegation } = ballot;
    const acting = await this.acting.of(caller, listed, delegation);
    const { person: approver, ...voter } = voterOf(this.config, caller);
    const cast = { ...voter, ...acting, approver, vote, digest, reason };
    const decide = (state: ApprovalState, now: string) => decideVote(state, { ...cast, now });
    if (acting !== undefined) {
      decide(listed.approval, new Date().toISOString());
      const { callId } = listed.approval.request;
      const use = useOf(caller, listed);
      await this.delegations.use(acting.onBehalfOf.delegation, callerActor(caller), callId, use);
    }
    return decide;
  }
}
