import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { requirementsNow } from '#core/approval/approval.state.js';
import { checkWithdrawal, decideVote, decideWithdrawal, samePerson } from '#core/approval/decide-approval.js';
import { rolesNamed } from '#core/approval/requirement.js';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { CONFIG } from '#http/platform.module.js';
import { callerActor, recordingRefusals } from '#http/record-refusal.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { approvalView } from '../approval-view.js';
import { Approvals, INSTANCE } from '../approvals.js';
import { CloseCall } from '../close-call.js';
import { Directory, type Listed } from '../directory.js';
import { FollowLog } from '../follow-log.js';
import { ShownArguments } from '../shown-arguments.js';
import { ApprovalsQuery, VoteBody, WithdrawBody } from './approval.queries.js';

@Controller('approvals')
export class ApprovalHttp {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(FollowLog) private readonly log: FollowLog,
    @Inject(CloseCall) private readonly closeCall: CloseCall,
    @Inject(ShownArguments) private readonly shown: ShownArguments,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  async list(@WhoCalls() caller: RestCaller, @Query() { status, cursor, limit }: ApprovalsQuery) {
    this.log.requireCaughtUp();
    const start = Number(cursor ?? 0);
    const visible = this.directory
      .all()
      .filter(
        (listed) =>
          (status === undefined || listed.approval.status === status) && this.maySee(caller, listed),
      );
    const page = visible.slice(start, start + limit);
    const items = await Promise.all(page.map((listed) => this.item(listed)));
    return { items, next: start + limit < visible.length ? String(start + limit) : null };
  }

  @Get(':id')
  async one(@WhoCalls() caller: RestCaller, @Param('id') id: string) {
    return this.item(this.visible(caller, id));
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
    this.log.requireCaughtUp();
    const by = personOf(caller);
    const why = reason?.trim() || 'withdrawn by the requester';
    return this.recorded(caller, { approvalId: id.slice(0, 100), act: 'withdraw' }, async () => {
      const { approval } = this.visible(caller, id);
      const standing = await this.closeCall.before(id, checkWithdrawal(approval, by), 'withdrawn', why);
      if (standing === 'forwarded') throw new CountersignError('approval_closed', 'it is used');
      await this.approvals.execute(id, callerActor(caller), (current) => {
        checkWithdrawal(current, by);
        return decideWithdrawal(current, why);
      });
      return this.item(this.known(id));
    });
  }

  private async vote(
    vote: 'approve' | 'deny',
    caller: RestCaller,
    approvalId: string,
    { digest, reason }: VoteBody,
  ) {
    this.log.requireCaughtUp();
    const { clientId, isMachine, roles } = caller;
    const client = this.config.approvals.human_clients.includes(clientId) ? undefined : clientId;
    return this.recorded(caller, { approvalId: approvalId.slice(0, 100), vote }, async () => {
      const state = await this.approvals.execute(approvalId, callerActor(caller), (current, now) =>
        decideVote(current, {
          vote,
          approver: personOf(caller),
          roles,
          isMachine,
          client,
          digest,
          reason,
          now,
        }),
      );
      if (state.status === 'denied') await this.closeCall.afterApproval(approvalId, state);
      return this.item(this.known(approvalId));
    });
  }

  private recorded<Answer>(
    caller: RestCaller,
    about: JsonObject,
    act: () => Promise<Answer>,
  ): Promise<Answer> {
    return recordingRefusals(this.bus, INSTANCE, { where: 'approvals', caller, about }, act);
  }

  private visible(caller: RestCaller, id: string): Listed {
    this.log.requireCaughtUp();
    const listed = this.known(id);
    if (!this.maySee(caller, listed)) throw new CountersignError('approval_unknown');
    return listed;
  }

  private known(id: string): Listed {
    const listed = this.directory.get(id);
    if (listed === undefined) throw new CountersignError('approval_unknown');
    return listed;
  }

  /** Those who may vote, the requester, and examiners; to others it does not exist. */
  private maySee(caller: RestCaller, { approval }: Listed): boolean {
    const { requester } = approval.request;
    const roles = [...rolesNamed(requirementsNow(approval)), ...this.config.roles.examiner];
    return caller.roles.some((role) => roles.includes(role)) || samePerson(requester, personOf(caller));
  }

  private async item(listed: Listed) {
    return approvalView(listed, await this.shown.of(listed));
  }
}
