import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { isParty } from '#core/delegation/decide-delegation.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { CONFIG } from '#http/platform.module.js';
import { callerActor, recordingRefusals } from '#http/record-refusal.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { INSTANCE } from '../approvals.js';
import { FollowLog } from '../follow-log.js';
import { DelegationDirectory, isOpen, type ListedDelegation } from './delegation-directory.js';
import { Delegations } from './delegations.js';
import { DelegationBody, DelegationsQuery, RevocationBody } from './delegations.queries.js';

/** People let others vote with their roles for a time. Refused attempts are on record (promise G6). */
@Controller('delegations')
export class DelegationsHttp {
  constructor(
    @Inject(Delegations) private readonly delegations: Delegations,
    @Inject(DelegationDirectory) private readonly directory: DelegationDirectory,
    @Inject(FollowLog) private readonly log: FollowLog,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Those the caller has given or has; all of them for administrators and examiners. */
  @Get()
  list(@WhoCalls() caller: RestCaller, @Query() { status, cursor, limit }: DelegationsQuery) {
    this.log.requireCaughtUp();
    const now = new Date().toISOString();
    const seesAll = this.seesAll(caller);
    const person = personOf(caller);
    const visible = this.directory
      .all()
      .filter(({ delegation }) => status === 'all' || isOpen(delegation, now))
      .filter(({ delegation }) => seesAll || isParty(delegation, person));
    const start = Number(cursor ?? 0);
    const items = visible.slice(start, start + limit).map((listed) => view(listed, now));
    return { items, next: start + limit < visible.length ? String(start + limit) : null };
  }

  @Post()
  @HttpCode(200)
  async give(@WhoCalls() caller: RestCaller, @Body() body: DelegationBody) {
    this.log.requireCaughtUp();
    const { to, roles, from, until, uses, servers, tools, reason = '' } = body;
    return this.recorded(caller, { act: 'delegate' }, () =>
      this.delegations.give(callerActor(caller), {
        delegator: personOf(caller),
        delegate: { issuer: to.issuer, subject: to.subject, principal: to.principal },
        held: caller.roles,
        isMachine: caller.isMachine,
        roles,
        from: from === undefined ? undefined : new Date(from).toISOString(),
        until: new Date(until).toISOString(),
        ...(uses !== undefined && { uses }),
        ...(servers !== undefined && { servers }),
        ...(tools !== undefined && { tools }),
        reason,
      }),
    );
  }

  @Post(':id/revoke')
  @HttpCode(200)
  async revoke(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() { reason }: RevocationBody) {
    this.log.requireCaughtUp();
    return this.recorded(caller, { act: 'revoke', delegationId: id.slice(0, 100) }, () =>
      this.delegations.revoke(id, callerActor(caller), {
        by: personOf(caller),
        isAdmin: this.isAdmin(caller),
        seesAll: this.seesAll(caller),
        reason: reason?.trim() ?? '',
      }),
    );
  }

  private async recorded(caller: RestCaller, about: JsonObject, act: () => Promise<ListedDelegation>) {
    const listed = await recordingRefusals(this.bus, INSTANCE, { where: 'delegations', caller, about }, act);
    return view(listed, new Date().toISOString());
  }

  private seesAll(caller: RestCaller): boolean {
    return this.isAdmin(caller) || has(caller, this.config.roles.examiner);
  }

  private isAdmin(caller: RestCaller): boolean {
    return !caller.isMachine && has(caller, this.config.approvals.delegation_admins);
  }
}

const has = (caller: RestCaller, oneOf: readonly string[]): boolean =>
  caller.roles.some((role) => oneOf.includes(role));

const view = ({ delegationId, delegation, grantedAt }: ListedDelegation, now: string) => {
  const { grant, status, used, revoked } = delegation;
  return {
    id: delegationId,
    status: status === 'granted' && !isOpen(delegation, now) ? 'over' : status,
    ...grant,
    used: used.length,
    grantedAt,
    ...(revoked && { revokedBy: revoked.by.principal, revokedBecause: revoked.reason }),
  };
};
