import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { openReview } from '#core/approval/break-glass.js';
import { checkWithdrawal, decideWithdrawal } from '#core/approval/decide-approval.js';
import { CountersignError } from '#core/errors.js';
import { callerActor, recordingRefusals } from '#http/record-refusal.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { Approvals, INSTANCE } from '../approvals.js';
import { CloseCall } from '../close-call.js';
import { Emergency } from '../emergency.js';
import { Revocation } from '../revocation.js';
import { VisibleApprovals } from '../visible-approvals.js';
import { Voting } from '../voting.js';
import { ApprovalsQuery, BreakGlassBody, ReviewBody, VoteBody, WithdrawBody } from './approval.queries.js';

@Controller('approvals')
export class ApprovalHttp {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(VisibleApprovals) private readonly visible: VisibleApprovals,
    @Inject(Voting) private readonly voting: Voting,
    @Inject(Emergency) private readonly emergency: Emergency,
    @Inject(CloseCall) private readonly closeCall: CloseCall,
    @Inject(Revocation) private readonly revocation: Revocation,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  @Get()
  async list(@WhoCalls() caller: RestCaller, @Query() { status, review, cursor, limit }: ApprovalsQuery) {
    const start = Number(cursor ?? 0);
    const all = this.visible.all(caller, status);
    const visible = review === 'due' ? all.filter(({ approval }) => openReview(approval)) : all;
    const page = visible.slice(start, start + limit);
    const items = await Promise.all(page.map((listed) => this.visible.item(listed)));
    return { items, next: start + limit < visible.length ? String(start + limit) : null };
  }

  @Get(':id')
  async one(@WhoCalls() caller: RestCaller, @Param('id') id: string) {
    return this.visible.item(await this.visible.look(caller, id, 'approvals'));
  }

  @Post(':id/approve')
  @HttpCode(200)
  async approve(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: VoteBody) {
    return this.vote('approve', caller, id, body);
  }

  @Post(':id/deny')
  @HttpCode(200)
  async deny(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: VoteBody) {
    return this.vote('deny', caller, id, body);
  }

  /** By the requester: the held call is cancelled with it. */
  @Post(':id/withdraw')
  @HttpCode(200)
  async withdraw(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() { reason }: WithdrawBody) {
    const by = personOf(caller);
    const why = reason?.trim() || 'withdrawn by the requester';
    const about = { approvalId: id.slice(0, 100), act: 'withdraw' };
    return recordingRefusals(this.bus, INSTANCE, { where: 'approvals', caller, about }, async () => {
      const { approval } = await this.visible.toActOn(caller, id);
      const standing = await this.closeCall.before(id, checkWithdrawal(approval, by), 'withdrawn', why);
      if (standing === 'forwarded') throw new CountersignError('approval_closed', 'it is used');
      await this.approvals.execute(id, callerActor(caller), (current) => {
        checkWithdrawal(current, by);
        return decideWithdrawal(current, why);
      });
      return this.visible.item(await this.visible.one(caller, id));
    });
  }

  /** Ends the grant: by the requester, whoever approved it, or whoever may approve it now. */
  @Post(':id/revoke')
  @HttpCode(200)
  async revoke(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() { reason }: WithdrawBody) {
    return this.visible.item(await this.revocation.revoke(caller, id, reason?.trim() || 'revoked'));
  }

  @Post(':id/break-glass')
  @HttpCode(200)
  async breakGlass(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: BreakGlassBody) {
    return this.visible.item(await this.emergency.breakGlass(caller, id, { ...body, where: 'approvals' }));
  }

  @Post(':id/review')
  @HttpCode(200)
  async review(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: ReviewBody) {
    return this.visible.item(await this.emergency.review(caller, id, { ...body, where: 'approvals' }));
  }

  private async vote(
    vote: 'approve' | 'deny',
    caller: RestCaller,
    approvalId: string,
    { digest, reason, delegation }: VoteBody,
  ) {
    const ballot = { approvalId, vote, digest, reason, delegation, where: 'approvals' } as const;
    return this.visible.item(await this.voting.vote(caller, ballot));
  }
}
