import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { decideVote } from '#core/approval/decide-approval.js';
import { rolesNamed } from '#core/approval/requirement.js';
import { CountersignError } from '#core/errors.js';
import { CONFIG } from '#http/platform.module.js';
import { callerActor, recordRefusal } from '#http/record-refusal.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { Approvals, INSTANCE } from '../approvals.js';
import { CloseCall } from '../close-call.js';
import { Directory, type Listed } from '../directory.js';
import { FollowLog } from '../follow-log.js';
import { ShownArguments } from '../shown-arguments.js';
import { ApprovalsQuery, VoteBody } from './approval.queries.js';

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

  private async vote(
    vote: 'approve' | 'deny',
    caller: RestCaller,
    approvalId: string,
    { digest, reason }: VoteBody,
  ) {
    this.log.requireCaughtUp();
    const { principal, issuer, subject, isMachine, roles } = caller;
    const now = new Date().toISOString();
    try {
      const state = await this.approvals.execute(approvalId, callerActor(caller), (current) =>
        decideVote(current, {
          vote,
          approver: { principal, issuer, subject },
          roles,
          isMachine,
          digest,
          reason,
          now,
        }),
      );
      if (state.status === 'denied') await this.closeCall.afterApproval(approvalId, state);
    } catch (error) {
      if (error instanceof CountersignError) {
        await recordRefusal(this.bus, INSTANCE, {
          code: error.code,
          where: 'approvals',
          caller,
          about: { approvalId: approvalId.slice(0, 100), vote },
        });
      }
      throw error;
    }
    return this.item(this.known(approvalId));
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
    const { requirements, requester } = approval.request;
    const roles = [...rolesNamed(requirements), ...this.config.roles.examiner];
    return (
      caller.roles.some((role) => roles.includes(role)) ||
      (requester.issuer === caller.issuer && requester.subject === caller.subject)
    );
  }

  private async item(listed: Listed) {
    const { approvalId, approval, requestedAt } = listed;
    const { request, votes, status, reason } = approval;
    return {
      id: approvalId,
      status,
      digest: request.digest,
      callId: request.callId,
      requester: request.requester,
      server: request.server,
      tool: request.tool,
      arguments: await this.shown.of(listed),
      reasons: request.rules,
      votes: votes.map((vote) => ({
        approver: vote.approver.principal,
        vote: vote.vote,
        reason: vote.reason,
      })),
      quorum: request.requirements,
      distinct: request.distinct ?? false,
      requestedAt,
      expiresAt: request.expiresAt,
      ...(reason === undefined ? {} : { reason }),
    };
  }
}
