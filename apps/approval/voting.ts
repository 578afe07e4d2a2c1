import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { decideVote } from '#core/approval/decide-approval.js';
import { CountersignError } from '#core/errors.js';
import { CONFIG } from '#http/platform.module.js';
import { callerActor, recordingRefusals } from '#http/record-refusal.js';
import type { RestCaller } from '#http/rest-caller.js';
import { Approvals, INSTANCE } from './approvals.js';
import { CloseCall } from './close-call.js';
import { Directory, type Listed } from './directory.js';
import { FollowLog } from './follow-log.js';
import { voterOf } from './voter.js';

export interface Ballot {
  readonly approvalId: string;
  readonly vote: 'approve' | 'deny';
  /** The one that was shown. */
  readonly digest: string | undefined;
  readonly reason: string | undefined;
  /** Which door it came through. */
  readonly where: 'approvals' | 'approvals/page' | 'approvals/teams';
}

/** The one way to vote, whichever door it came through. */
@Injectable()
export class Voting {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(FollowLog) private readonly log: FollowLog,
    @Inject(CloseCall) private readonly closeCall: CloseCall,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * A vote with the roles that the caller has now. A refused one is on record before it is answered (promise G6).
   * @throws CountersignError of `decideVote`, approval_unavailable, ledger_*
   */
  async vote(caller: RestCaller, { approvalId, vote, digest, reason, where }: Ballot): Promise<Listed> {
    this.log.requireCaughtUp();
    const { person: approver, ...voter } = voterOf(this.config, caller);
    const about = { approvalId: approvalId.slice(0, 100), vote };
    return recordingRefusals(this.bus, INSTANCE, { where, caller, about }, async () => {
      const state = await this.approvals.execute(approvalId, callerActor(caller), (current, now) =>
        decideVote(current, { ...voter, approver, vote, digest, reason, now }),
      );
      if (state.status === 'denied') await this.closeCall.afterApproval(approvalId, state);
      const listed = this.directory.get(approvalId);
      if (listed === undefined) throw new CountersignError('approval_unknown');
      return listed;
    });
  }
}
