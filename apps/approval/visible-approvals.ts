import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { ApprovalStatus } from '#core/approval/approval.events.js';
import { type KnownApproval, requirementsNow } from '#core/approval/approval.state.js';
import { samePerson } from '#core/approval/decide-approval.js';
import type { Listed } from '#core/approval/listed.js';
import { rolesNamed } from '#core/approval/requirement.js';
import { CountersignError } from '#core/errors.js';
import { CONFIG } from '#http/platform.module.js';
import { recordingRefusals } from '#http/record-refusal.js';
import type { RestCaller } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import type { Door } from './acts.js';
import { type ApprovalView, approvalView } from './approval-view.js';
import { Approvals, INSTANCE } from './approvals.js';
import { ActingFor } from './delegation/acting.js';
import { Directory } from './directory.js';
import { FollowLog } from './follow-log.js';
import { ShownArguments } from './shown-arguments.js';

/** In which what another replica has recorded has surely come by the log, when all is well. */
const NEWS_MS = 500;

/** Who may see what, the same at every door. */
@Injectable()
export class VisibleApprovals {
  /** The roles that may do something, worked out once for each state of an approval: lists ask for thousands. */
  private readonly named = new WeakMap<KnownApproval, readonly string[]>();

  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(FollowLog) private readonly log: FollowLog,
    @Inject(ActingFor) private readonly acting: ActingFor,
    @Inject(ShownArguments) private readonly shown: ShownArguments,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  /** @throws CountersignError approval_unavailable */
  all(caller: RestCaller, status?: ApprovalStatus): readonly Listed[] {
    this.log.requireCaughtUp();
    const { directory } = this;
    // Those that wait are few; those that ever were are not.
    const candidates = status === 'pending' || status === 'granted' ? directory.live() : directory.all();
    return candidates.filter(
      (listed) => (status === undefined || listed.approval.status === status) && this.maySee(caller, listed),
    );
  }

  /** @throws CountersignError approval_unavailable, ledger_unavailable; approval_unknown, also when it is not for the caller */
  async one(caller: RestCaller, approvalId: string): Promise<Listed> {
    this.log.requireCaughtUp();
    const listed = await this.approvals.find(approvalId);
    if (listed === undefined || !this.maySee(caller, listed)) throw new CountersignError('approval_unknown');
    return listed;
  }

  /** As `one`; undefined for whatever reason it cannot be shown. */
  async oneIfAny(caller: RestCaller, approvalId: string): Promise<Listed | undefined> {
    return this.one(caller, approvalId).catch(() => undefined);
  }

  /**
   * For who wants to do something with it. Another replica may have just told them of it, or have made them a delegate. An id that
   * is unknown and one that is not for the caller wait alike.
   * @throws CountersignError of `one`
   */
  async toActOn(caller: RestCaller, approvalId: string): Promise<Listed> {
    this.log.requireCaughtUp();
    const listed = this.directory.get(approvalId);
    if (listed !== undefined && this.maySee(caller, listed)) return listed;
    await new Promise((resolve) => setTimeout(resolve, NEWS_MS));
    return this.one(caller, approvalId);
  }

  /** As `one`; what somebody looked for and may not see is on record (promise G6). @throws CountersignError of `one`, ledger_* */
  async look(caller: RestCaller, approvalId: string, where: Door): Promise<Listed> {
    this.log.requireCaughtUp();
    const about = { approvalId: approvalId.slice(0, 100), act: 'show' };
    return recordingRefusals(this.bus, INSTANCE, { where, caller, about }, () =>
      this.one(caller, approvalId),
    );
  }

  /** Those who may vote, also for others, or act in an emergency, the requester, and examiners; to others it does not exist. */
  maySee(caller: RestCaller, listed: Listed): boolean {
    const { approval } = listed;
    const { examiner } = this.config.roles;
    const named = this.namedIn(approval);
    return (
      caller.roles.some((role) => named.includes(role) || examiner.includes(role)) ||
      samePerson(approval.request.requester, personOf(caller)) ||
      this.acting.rolesFor(caller, listed).length > 0
    );
  }

  private namedIn(approval: KnownApproval): readonly string[] {
    const known = this.named.get(approval);
    if (known !== undefined) return known;
    const { breakGlass } = approval.request;
    const emergency = breakGlass === undefined ? [] : [...breakGlass.roles, ...breakGlass.review];
    const roles = [...rolesNamed(requirementsNow(approval)), ...emergency];
    this.named.set(approval, roles);
    return roles;
  }

  /** With its masked arguments. @throws CountersignError masking_unavailable */
  async item(listed: Listed): Promise<ApprovalView> {
    return approvalView(listed, await this.shown.of(listed));
  }
}
