import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { samePerson } from '#core/approval/decide-approval.js';
import { checkRevocation, decideRevocation } from '#core/approval/decide-grant.js';
import type { Listed } from '#core/approval/listed.js';
import { callerActor, recordingRefusals } from '#http/record-refusal.js';
import type { RestCaller } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { Approvals, INSTANCE } from './approvals.js';
import { CloseCall } from './close-call.js';
import { VisibleApprovals } from './visible-approvals.js';

/** The end of a grant before its time. */
@Injectable()
export class Revocation {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(VisibleApprovals) private readonly visible: VisibleApprovals,
    @Inject(CloseCall) private readonly closeCall: CloseCall,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  /**
   * Where the call that asked has not run yet it ends, too, before its approval does: who revokes wants nothing to run.
   * @throws CountersignError of `checkRevocation`, ledger_*
   */
  async revoke(caller: RestCaller, approvalId: string, reason: string): Promise<Listed> {
    const { roles, isMachine } = caller;
    const who = { by: personOf(caller), roles, isMachine };
    const about = { approvalId: approvalId.slice(0, 100), act: 'revoke' };
    return recordingRefusals(this.bus, INSTANCE, { where: 'approvals', caller, about }, async () => {
      const { approval } = await this.find(caller, approvalId);
      const standing = await this.closeCall.before(
        approvalId,
        checkRevocation(approval, who),
        'withdrawn',
        reason,
      );
      await this.approvals.execute(approvalId, callerActor(caller), (current) =>
        decideRevocation(current, { ...who, reason, ownCallRan: standing === 'forwarded' }),
      );
      return this.find(caller, approvalId);
    });
  }

  /** Whoever approved it may still take that back when they hold none of its roles any more. */
  private async find(caller: RestCaller, approvalId: string): Promise<Listed> {
    const listed = await this.approvals.find(approvalId);
    const by = personOf(caller);
    const voted = listed?.approval.votes.some(({ approver }) => samePerson(approver, by));
    return listed !== undefined && voted === true ? listed : this.visible.toActOn(caller, approvalId);
  }
}
